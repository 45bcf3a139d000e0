// How many columns a terminal gives to a text, so that what is under it stands under it.

/** East Asian wide and full-width characters, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** What is drawn over the character before it, or not at all. */
const NONE = /[\p{Mn}\p{Me}\u200b-\u200f\u2060\ufeff]/u;

const widthOf = (character: string): number => {
  if (character < "\u0300") return 1;
  return NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
};

/** Blanks as wide as a text; tabs stay, because only the terminal knows how wide they are. */
export const blankAs = (text: string): string =>
  [...text].map((character) => (character === "\t" ? "\t" : " ".repeat(widthOf(character)))).join("");

/** Marks under every column of a text, at least one. */
export function markUnder(text: string, mark: string): string {
  const columns = [...text].reduce((sum, character) => sum + widthOf(character), 0);
  return mark.repeat(Math.max(1, columns));
}
