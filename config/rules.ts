// placeholder
import type { DeclaredLine } from "./declaration.ts";
import type { Report } from "./diagnostic.ts";
import type { Statement } from "./syntax.ts";
/** A rule line as written. */
export const ruleLine = ({ words, place }: Statement, _report: Report): DeclaredLine => ({
  options: words.map(({ text }) => ({ name: text, values: [] })),
  noTrack: false,
  place,
});
