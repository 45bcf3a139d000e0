// heird explain: why it happened, root cause first.

import { dirname, join } from "node:path";
import { current, type Source, type Stream } from "../audit/source.ts";
import { standardOf } from "../core/reason.ts";
import { type Advice, advise } from "../explain/advice.ts";
import { advisePeer } from "../explain/advice-peer.ts";
import { wallClock } from "../explain/chronicle.ts";
import { clockedBy, type Explanation, explain as explained, type Selection } from "../explain/explanation.ts";
import { witnessed } from "../explain/observer.ts";
import type { ChainLink, NodeLog } from "../explain/peer.ts";
import { type Recorded, recorded } from "../explain/recording.ts";
import { readFlight } from "../log/flight-read.ts";
import type { Line } from "../log/line.ts";
import type { Flaw } from "../log/read.ts";
import { told } from "../log/replay.ts";
import { tailOf } from "../log/tail.ts";
import { openSource, type SourceOptions } from "./audit-source.ts";
import type { Values } from "./commands.ts";
import { evidenceOf, type Read, testimonyOf } from "./evidence.ts";
import { despite, logIn, warnOf } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { atWall, whenOf } from "./when.ts";

export type ExplainOptions = Pick<Values, "state-dir" | "vr" | "at" | "with" | "json">;

/** Explains `last`, a line's number, or the last transition before a time. */
export function explain(which: string | undefined, options: ExplainOptions): number {
  const selection = selectionOf(which, options);
  const files = logIn(options["state-dir"]);
  refuseBeyond(selection, lastLineOf(files));
  const others = (options.with ?? []).map(logIn);
  const { found, advice, flight, read } = explainFrom(files, others, selection);
  warnOf(read.flaws);
  tellOther(selection, found);
  if (options.json) process.stdout.write(`${JSON.stringify({ ...found, faster: advice, recording: flight, read })}\n`);
  else process.stdout.write(`${inWords(found, advice, flight)}\n${readInWords(read)}\n`);
  return EXIT.ok;
}

/** The number of the last line that is whole; null when there is none. */
function lastLineOf(files: readonly string[]): number | null {
  for (const file of files.toReversed()) {
    const tail = tailOf(file);
    if (tail !== null) return tail.line.seq;
  }
  return null;
}

/** What never was cannot be explained, and least of all by something else. */
function refuseBeyond({ seq }: Selection, last: number | null): void {
  if (seq !== null && last !== null && seq > last)
    throw new Refusal(EXIT.refused, `there is no line #${seq}: the log ends with #${last}`);
}

/** Whoever names a line that is no transition is told which one is explained instead. */
function tellOther({ seq }: Selection, { transition }: Explanation): void {
  if (seq !== null && seq !== transition.seq)
    process.stderr.write(`heird: #${seq} is no transition; the last one before it is #${transition.seq}\n`);
}

/** The same as a value, from the segments of this node's log and of other nodes'. */
export function explainFrom(
  files: readonly string[],
  others: readonly (readonly string[])[],
  selection: Selection,
): { found: Explanation; advice: readonly Advice[]; flight: Recorded | null; read: Read } {
  const flaws: Flaw[] = [];
  const onFlaw = (flaw: Flaw): void => void flaws.push(flaw);
  return despite(flaws, () => {
    const evidence = evidenceOf(files, selection, onFlaw);
    if (evidence === null) {
      warnOf(flaws);
      throw new Refusal(EXIT.refused, "the log tells of no such transition");
    }
    const { log: own, transition } = evidence;
    const theirs = others.map((log) => testimonyOf(log, transition, onFlaw));
    const found = explained(own, { vr: transition.router, seq: transition.seq, until: null }, theirs);
    if (found === null) throw new RangeError(`#${transition.seq} was found, and is gone`);
    // What is wrong with another node's log is wrong with the explanation, too.
    const read = { ...evidence.read, flaws: unique([...evidence.read.flaws, ...flaws]) };
    return { found, advice: adviceOn(own, found, theirs), flight: recordingOf(files, own, found), read };
  });
}

/** A file that is read again, for more of it, has its flaws again. */
function unique(flaws: readonly Flaw[]): readonly Flaw[] {
  return [...new Map(flaws.map((flaw) => [`${flaw.file}:${flaw.line}`, flaw])).values()];
}

const readInWords = ({ segments, of, lines, flaws }: Read): string =>
  flaws.length > 0
    ? `Read: ${lines} lines, in which the chain does not hold: see the warnings, and heird replay --verify`
    : `Read and verified: ${lines} lines, ${segments} of ${of} segment(s); heird replay --verify reads all`;

/** The same of any node, with the other sides from the Redis. */
export async function explainAcross(
  which: string | undefined,
  options: ExplainOptions & SourceOptions & Pick<Values, "node">,
): Promise<number> {
  const selection = selectionOf(which, options);
  const source = await openSource(options, []);
  try {
    const nodes = await nodesIn(source, selection.until ?? Date.now());
    const found = nodes
      .filter(({ node }) => options.node === undefined || options.node === node)
      .flatMap(
        (own) =>
          explained(
            own,
            selection,
            nodes.filter((other) => other !== own),
          ) ?? [],
      );
    const last = found.toSorted((a, b) => a.transition.wall - b.transition.wall).at(-1);
    if (found.length > 0)
      refuseBeyond(
        selection,
        Math.max(...nodes.map(({ steps }) => steps.at(-1)?.line.seq ?? Number.POSITIVE_INFINITY)),
      );
    if (last === undefined) throw new Refusal(EXIT.refused, `${source.name} tells of no such transition`);
    const own = nodes.find(({ node }) => node === last.node);
    const others = nodes.filter((other) => other !== own);
    const advice = own === undefined ? [] : adviceOn(own, last, others);
    tellOther(selection, last);
    process.stdout.write(
      options.json ? `${JSON.stringify({ ...last, faster: advice })}\n` : `${inWords(last, advice, null)}\n`,
    );
    return EXIT.ok;
  } finally {
    source.close();
  }
}

/** A day is read, and what came before it when nothing happened within. */
const DAY = 86_400_000;

async function nodesIn(source: Source, until: number): Promise<readonly NodeLog[]> {
  const streams = current(await source.streams());
  const read = async (from: number | null): Promise<readonly NodeLog[]> =>
    Promise.all(streams.map((stream) => nodeLog(source, stream, from)));
  const recent = await read(until - DAY);
  const moved = recent.some(({ steps }) => steps.some(({ line }) => line.type === "mark"));
  return moved ? recent : read(null);
}

async function nodeLog(source: Source, stream: Stream, from: number | null): Promise<NodeLog> {
  const lines: Line[] = [];
  for await (const item of source.read(stream, from)) {
    const line = item.line();
    if (line !== null) lines.push(line);
  }
  const clock = wallClock();
  for (const line of lines) clock.look(line);
  return { node: stream.node, steps: [...told(lines)], wallOf: clock.wallOf };
}

function selectionOf(which: string | undefined, { vr, at }: ExplainOptions): Selection {
  const until = at === undefined ? null : whenOf("at", at, Date.now());
  if (which === undefined || which === "last") return { vr, seq: null, until };
  if (!/^#?\d+$/.test(which)) throw new Refusal(EXIT.usage, `${which} is neither "last" nor the number of a line`);
  return { vr, seq: Number(which.replace("#", "")), until };
}

/** What the flight recorder had, when the transition says where it is and it is still there. */
function recordingOf([first]: readonly string[], { steps }: NodeLog, { transition }: Explanation): Recorded | null {
  const { seq, router, at } = transition;
  const mark = steps.find(({ line }) => line.type === "mark" && line.seq > seq && line.router === router)?.line;
  if (mark?.type !== "mark" || mark.recording === undefined || first === undefined) return null;
  const flight = readFlight(join(dirname(first), mark.recording));
  return flight === null ? null : recorded(flight, router, at);
}

/** What would have been faster, on this node and on the others. */
export function adviceOn(log: NodeLog, { transition }: Explanation, others: readonly NodeLog[]): readonly Advice[] {
  const own = clockedBy(log, transition);
  const [scene] = witnessed(own.steps, ({ seq, router }) => seq === transition.seq && router === transition.router);
  if (scene === undefined) return [];
  const all = [...advise(own.steps, scene, own.wallOf), ...advisePeer(own, scene, others)];
  return all.sort((a, b) => b.savedMs - a.savedMs);
}

function inWords(found: Explanation, advice: readonly Advice[], flight: Recorded | null): string {
  const { transition, kind, node, peer, root, chain, outcomes, spent, notCause } = found;
  const sides = peer === null ? node : `${node} and ${peer}`;
  const lines = [
    `${kind}  ${transition.name} (${transition.router})  ${sides}  ${atWall(transition.wall)}`,
    root === null
      ? "Root cause: not in what was read"
      : `Root cause: ${root.text}${root.node === node ? "" : ` on ${root.node}`}`,
    ...standardsOf(transition),
    "",
    ...chain.map((link, depth) => treeLine(link, depth)),
    ...outcomes.map((one) =>
      treeLine({ ...one, text: `${one.text}${one.ok ? ` (${one.ms.toFixed(1)} ms)` : " FAILED"}` }, chain.length),
    ),
    "",
    ...(spent.length === 0
      ? []
      : [`Where the time went: ${spent.map(({ what, ms }) => `${what} ${span(ms)}`).join(" | ")}`, ...made(spent)]),
    ...(advice.length === 0
      ? []
      : [
          "What would have been faster, by folding the same inputs again:",
          ...advice.map(({ edit, savedMs }) => `  ${edit}: ${span(savedMs)} saved`),
        ]),
    ...(notCause.length === 0 ? [] : [`Not the cause: ${notCause.join("; ")}`]),
    ...(flight === null
      ? []
      : [
          `The flight recorder (${flight.file}):`,
          ...flight.heard.map(({ wall, text }) => `  ${atWall(wall).slice(11)}  ${text}`),
          ...flight.says.map((says) => `  ${says}`),
        ]),
  ];
  return lines.join("\n");
}

/** What a network management system calls it; the standards have no word for everything. */
function standardsOf({ because, to }: Explanation["transition"]): readonly string[] {
  if (because === "died") return [];
  const { rfc8347, newMaster, rfc6527 } = standardOf(because, to);
  const master = to === "master" ? [`RFC 6527 ${newMaster} (${rfc6527})`] : [];
  const words = [...(rfc8347 === null ? [] : [`RFC 8347 ${rfc8347}`]), ...master];
  return words.length === 0 ? [] : [`In the standards: ${words.join(", ")}`];
}

/** What the detection was made of, when it was more than one thing. */
const made = (spent: Explanation["spent"]): readonly string[] =>
  spent.flatMap(({ what, parts }) =>
    what === "detect" && parts.length > 1 ? parts.map((part) => `  ${span(part.ms).padStart(9)} ${part.what}`) : [],
  );

const treeLine = ({ node, seq, wall, text }: ChainLink, depth: number): string =>
  `  ${atWall(wall).slice(11)}  ${node}  ${"  ".repeat(depth)}${depth === 0 ? "" : "└ "}${text}  #${seq}`;

const span = (ms: number): string => (ms >= 100 ? `${(ms / 1_000).toFixed(3)} s` : `${ms.toFixed(1)} ms`);
