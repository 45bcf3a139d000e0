// The form of a story: comments, then commands, a line of dashes, and what happened; a blank line
// ends it. Only the last part is ever rewritten.

/** Commands played one after the other, and what is said to happen. */
export type Scene = {
  /** 1 for the first line of the file. */
  readonly line: number;
  readonly commands: readonly Command[];
  readonly happened: readonly string[];
};

/** One command with its words; indented lines under it are its details, word by word. */
export type Command = { readonly words: readonly string[]; readonly details: readonly (readonly string[])[] };

/** A line that is kept as it is, or a scene. */
export type Part = { readonly type: "text"; readonly line: string } | { readonly type: "scene"; readonly scene: Scene };

const DASHES = "----";
const isText = (line: string): boolean => line === "" || line.startsWith("#");
const wordsOf = (line: string): readonly string[] => line.trim().split(/\s+/);

/** Reads a story; throws, with the line, when it is none: a story that proves nothing must not pass. */
export function readStory(text: string): readonly Part[] {
  if (!text.startsWith("#")) throw new Error("line 1: a story begins with a comment that says what it proves");
  const lines = text.replace(/\n$/, "").split("\n");
  const parts: Part[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? "";
    if (isText(line)) {
      parts.push({ type: "text", line });
      continue;
    }
    const end = endOf(lines, i);
    parts.push({ type: "scene", scene: readScene(lines.slice(i, end), i + 1) });
    i = end - 1;
  }
  if (!parts.some(({ type }) => type === "scene")) throw new Error("a story without a command proves nothing");
  return parts;
}

function endOf(lines: readonly string[], start: number): number {
  const blank = lines.indexOf("", start);
  return blank < 0 ? lines.length : blank;
}

function readScene(lines: readonly string[], line: number): Scene {
  const dashes = lines.indexOf(DASHES);
  if (dashes < 1) throw new Error(`line ${line}: commands and ${DASHES} are expected, then what happened`);
  const commands: { words: readonly string[]; details: (readonly string[])[] }[] = [];
  for (const written of lines.slice(0, dashes)) {
    const last = commands.at(-1);
    if (/^\s/.test(written) && last !== undefined) last.details.push(wordsOf(written));
    else commands.push({ words: wordsOf(written), details: [] });
  }
  const happened = lines.slice(dashes + 1);
  // A missing "ok" would let a scene pass in which nothing was looked at.
  if (happened.length === 0) throw new Error(`line ${line}: it does not say what happened, not even ok`);
  return { line, commands, happened };
}

/** The story with what really happened under each line of dashes. */
export function writeStory(
  text: string,
  parts: readonly Part[],
  happened: (scene: Scene) => readonly string[],
): string {
  const lines = text.split("\n");
  const written = parts.flatMap((part) => {
    if (part.type === "text") return [part.line];
    const start = part.scene.line - 1;
    return [...lines.slice(start, lines.indexOf(DASHES, start) + 1), ...happened(part.scene)];
  });
  return `${written.join("\n")}\n`;
}
