// Did you mean? Edit distance with transpositions, small and bounded.

/** The candidate nearest to a word, if it is near enough to be a slip. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const limit = word.length <= 3 ? 1 : word.length <= 10 ? 2 : 3;
  if (word.length > 64) return undefined;
  const plain = plainly(word);
  let best: string | undefined;
  let distance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - plain.length) >= distance) continue;
    const form = plainly(candidate);
    const found = form === plain ? 0 : editDistance(plain, form, distance);
    if (found < distance) {
      best = candidate;
      distance = found;
    }
  }
  return best;
}

/** Big letters and dashes are no slips. */
const plainly = (text: string): string => text.toLowerCase().replaceAll("-", "_");

/** Insertions, deletions, substitutions and swaps of neighbours between two words; more than `limit` when it is more. */
function editDistance(a: string, b: string, limit: number): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = nextRow(a, b, i, row, before);
    if (Math.min(...next) > limit) return limit + 1;
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** One row of the table: the distances of the first `i` letters of `a` to every beginning of `b`. */
function nextRow(
  a: string,
  b: string,
  i: number,
  row: readonly number[],
  before: readonly number[],
): readonly number[] {
  const next = [i];
  for (let j = 1; j <= b.length; j++) {
    const substituted = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
    const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (before[j - 2] ?? limitless) + 1 : limitless;
    next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substituted, swapped));
  }
  return next;
}

const limitless = Number.POSITIVE_INFINITY;
