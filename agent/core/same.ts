// Whether two values of plain data say the same. A reload brings every configuration anew, and most
// of it says what the old one said.

/** Compares plain data all the way down: primitives, arrays, and objects by their own keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const [mine, theirs] = [Object.entries(a), Object.entries(b)];
  if (mine.length !== theirs.length || Array.isArray(a) !== Array.isArray(b)) return false;
  return mine.every(([key, value]) => key in b && same(value, (b as Readonly<Record<string, unknown>>)[key]));
}
