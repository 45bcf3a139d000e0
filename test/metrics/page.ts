// Reads a page of figures as Prometheus does (text format 0.0.4), and refuses what it would refuse.

export type Series = { readonly name: string; readonly labels: string; readonly value: number };

const NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SERIES = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$`);

type Family = { readonly name: string; readonly type: string };

/** The suffixes that samples of a type may have. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/** Every series of a page; throws at the first line that is not well-formed, is in no family, or stands twice. */
export function parsePage(text: string): readonly Series[] {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const all: Series[] = [];
  const seen = new Set<string>();
  let family: Family = { name: "", type: "" };
  for (const line of text.slice(0, -1).split("\n")) {
    const fail = (why: string): never => {
      throw new Error(`${why}: ${line}`);
    };
    const once = (what: string): void => void (seen.has(what) ? fail("stands twice") : seen.add(what));
    const comment = familyIn(line, family);
    if (comment !== null) {
      if (comment.type === "") once(`family ${comment.name}`);
      family = comment;
      continue;
    }
    const series = seriesIn(line) ?? fail("is no series");
    if (!(SUFFIXES[family.type] ?? []).some((suffix) => series.name === family.name + suffix)) fail("is a stranger");
    if (family.type === "counter" && !series.name.endsWith("_total")) fail("counts without _total");
    once(`${series.name}{${series.labels}}`);
    all.push(series);
  }
  return all;
}

/** What a comment says of the family; null for no comment. */
function familyIn(line: string, before: Family): Family | null {
  const [, help] = /^# HELP (\S+) \S.*$/.exec(line) ?? [];
  if (help !== undefined) return { name: help, type: "" };
  const [, name, type = ""] = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line) ?? [];
  if (name === undefined) return null;
  if (name !== before.name || before.type !== "") throw new Error(`is the type of another family: ${line}`);
  return { name, type };
}

function seriesIn(line: string): Series | null {
  const [, name, labels = "", value = ""] = SERIES.exec(line) ?? [];
  if (name === undefined) return null;
  return { name, labels, value: value.endsWith("Inf") ? Number(`${value}inity`) : Number(value) };
}
