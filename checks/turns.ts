// Who begins when. Two hundred checks that began in one turn of the loop would make a burst of it
// every second; one begins after the other, and each then counts its interval from its own beginning.

/** Between two beginnings, in ms. */
const GAP = 1;
/** Programs at once; the others wait, and say how long. */
const PROGRAMS = 64;

export type Turns = {
  /** Calls `begin` when it is its turn. What is returned gives the place back, or stops waiting for it. */
  readonly enter: (program: boolean, begin: () => void) => () => void;
};

type Waiting = { readonly program: boolean; readonly begin: () => void };

export function createTurns(programs = PROGRAMS): Turns {
  const waiting: Waiting[] = [];
  const seated = new Set<Waiting>();
  let pause: NodeJS.Timeout | null = null;

  const call = (): void => {
    pause = null;
    const i = waiting.findIndex(({ program }) => !program || seated.size < programs);
    const [next] = i < 0 ? [] : waiting.splice(i, 1);
    if (next === undefined) return;
    if (next.program) seated.add(next);
    pause = setTimeout(call, GAP);
    next.begin();
  };
  return {
    enter: (program, begin) => {
      const one: Waiting = { program, begin };
      waiting.push(one);
      if (pause === null) call();
      return () => {
        const i = waiting.indexOf(one);
        if (i >= 0) waiting.splice(i, 1);
        if (seated.delete(one) && pause === null) call();
      };
    },
  };
}
