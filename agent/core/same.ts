// Whether two values of plain data say the same. A reload brings every configuration anew, and most
// of it says what the old one said.

/** Compares plain data all the way down: primitives, arrays, and objects by their own keys. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && sameLists(a, b);
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  for (const key of keys) if (!(key in b) || !same((a as Plain)[key], (b as Plain)[key])) return false;
  return true;
}

type Plain = Readonly<Record<string, unknown>>;

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i], b[i])) return false;
  return true;
}

/** The same comparison, made once for as long as `wanted` is compared with nothing else. */
export function madeOnce<T extends object, R>(compare: (was: T, wanted: T) => R): (was: T, wanted: T) => R {
  const known = new WeakMap<T, { readonly was: T; readonly found: R }>();
  return (was, wanted) => {
    const last = known.get(wanted);
    if (last?.was === was) return last.found;
    const found = compare(was, wanted);
    known.set(wanted, { was, found });
    return found;
  };
}
