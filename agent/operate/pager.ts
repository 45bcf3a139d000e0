// A page of figures of 250 routers is a megabyte and tens of milliseconds of work. It is made a slice at
// a time, with the sockets and the alarm in between, and is good for everybody who asks within a second.

/** How long a slice may hold the loop, in ms, and how many lines are made between two looks at the clock. */
const SLICE = 0.4;
const LINES = 16;
/** How long a page is good, in ms. */
const GOOD_FOR = 1_000;

/** The text of a page in pieces. */
export type Pager = () => Promise<readonly string[]>;

/** `begin` takes down what the page is about; its lines are made one by one. `now` in ms. */
export function createPager(
  begin: () => Iterable<string>,
  now: () => number,
  later: (step: () => void) => void = setImmediate,
): Pager {
  let made: { readonly at: number; readonly pieces: Promise<readonly string[]> } | null = null;
  return () => {
    const at = now();
    if (made === null || at - made.at >= GOOD_FOR) {
      const pieces = inSlices(begin, now, later);
      made = { at, pieces };
      // Whoever asks next gets another try.
      pieces.catch(() => {
        made = null;
      });
    }
    return made.pieces;
  };
}

async function inSlices(
  begin: () => Iterable<string>,
  now: () => number,
  later: (step: () => void) => void,
): Promise<readonly string[]> {
  const pieces: string[] = [];
  let piece = "";
  let begun = now();
  let lines = 0;
  for (const line of begin()) {
    piece += line;
    lines += 1;
    if (lines % LINES !== 0 || now() - begun < SLICE) continue;
    pieces.push(piece);
    piece = "";
    await new Promise<void>((resolve) => later(resolve));
    begun = now();
  }
  return piece === "" ? pieces : [...pieces, piece];
}
