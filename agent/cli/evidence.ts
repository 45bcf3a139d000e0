// What an explanation needs of a log, found and read without the rest of it: from the transition back as far
// as its causes may lie, and on until nothing more comes of it. The answer is the same as from the whole log.

import type { RouterKey } from "../core/config.ts";
import { membersWith } from "../core/group.ts";
import { seconds } from "../core/time.ts";
import { CLOCK_STEP, isAbout, type Transition, wallClock } from "../explain/chronicle.ts";
import { clockedBy, isSelected, type Selection } from "../explain/explanation.ts";
import { neededSince } from "../explain/grounds.ts";
import { AFTERMATH, type Witnessed, witnessed } from "../explain/observer.ts";
import type { NodeLog } from "../explain/peer.ts";
import type { Header, Mark, Place } from "../log/line.ts";
import { type Flaw, linesOf } from "../log/read.ts";
import { told } from "../log/replay.ts";
import { beginningOf, headOf, lastBegun, marksBackwards } from "../log/seek.ts";
import { refuseNewer } from "./log-files.ts";

/** What was read of a log, all of it verified, and what was found wrong with that. */
export type Read = {
  readonly segments: number;
  readonly of: number;
  readonly lines: number;
  readonly flaws: readonly Flaw[];
};

export type Evidence = { readonly log: NodeLog; readonly transition: Transition; readonly read: Read };

/** A transition that a log seems to tell of: its segment, and the line of its event and its router when a mark says so. */
type Candidate = { readonly index: number; readonly seq: number | null; readonly router: RouterKey | null };

/** The evidence for the last transition that is meant; null when there is none. `onFlaw` is told while it is read, too. */
export function evidenceOf(files: readonly string[], selection: Selection, onFlaw: OnFlaw = IGNORED): Evidence | null {
  // Nothing behind it tells whether a mark of this one was made unreadable.
  const newest = lastBegun(files, (place) => isBehind(place, selection));
  for (const candidate of candidates(files, selection)) {
    const found = around(files, candidate, selection, onFlaw);
    if (found === null) continue;
    const { range, ...evidence } = found;
    if (range.to >= newest) return evidence;
    return { ...evidence, read: withRead(evidence.read, verified(files, newest, onFlaw)) };
  }
  verified(files, newest, onFlaw);
  return null;
}

type OnFlaw = (flaw: Flaw) => void;
const IGNORED: OnFlaw = () => undefined;

/** Reads a segment for its chain alone. */
function verified(files: readonly string[], index: number, onFlaw: OnFlaw): Pick<Read, "lines" | "flaws"> {
  const flaws: Flaw[] = [];
  let lines = 0;
  const isWanted = (): boolean => {
    lines += 1;
    return false;
  };
  const told = (flaw: Flaw): void => {
    flaws.push(flaw);
    onFlaw(flaw);
  };
  for (const _ of linesOf(files.slice(index, index + 1), { onFlaw: told, isWanted }));
  return { lines, flaws };
}

const withRead = (read: Read, { lines, flaws }: Pick<Read, "lines" | "flaws">): Read => ({
  ...read,
  segments: read.segments + 1,
  lines: read.lines + lines,
  flaws: [...read.flaws, ...flaws],
});

/** How long before a transition another node's part in it may lie, and by how much its clock may differ, ms. */
const ELSEWHERE = seconds(1_200) / 1_000;
const CLOCKS = 10_000;

/** What another node's log says of the virtual router that a transition is about, around its time. */
export function testimonyOf(
  files: readonly string[],
  { wall, before, after }: Transition,
  onFlaw: OnFlaw = IGNORED,
): NodeLog {
  const config = (after ?? before)?.config;
  const isSame = ({ vrid, family }: { readonly vrid: number; readonly family: string }): boolean =>
    vrid === config?.vrid && family === config.family;
  const from = lastBegun(files, ({ hlc }) => hlc >= wall - ELSEWHERE);
  const to = Math.max(
    from,
    lastBegun(files, ({ hlc }) => hlc > wall + CLOCKS),
  );
  const header = headOf(files[from] ?? "").header;
  const known = new Set(header?.config.routers.map(({ key }) => key));
  const wanted = companionsIn(header, header?.config.routers.filter(isSame).map(({ key }) => key) ?? []);
  // One that came with a later configuration is looked at, too.
  const isNamed = (name: string): boolean => wanted.has(name as RouterKey) || !known.has(name as RouterKey);
  return fold(files, { from, to }, isNamed, onFlaw).log;
}

// ---------------------------------------------------------------- where it is

/** An event is written at most so much later than it happened, ms, unless the clock was set between. */
const LATE = 1_000;

/** The last first. */
function* candidates(files: readonly string[], selection: Selection): Generator<Candidate> {
  let next: Header | null = null;
  for (let index = lastBegun(files, (place) => isBehind(place, selection)); index >= 0; index--) {
    const file = files[index] ?? "";
    const { header } = headOf(file);
    // The newest one has no header behind it that would tell whether something changed within.
    if (header === null || next === null || !isQuiet(header, next)) yield* markedIn(file, index, selection);
    const begun = header ?? beginningOf(file);
    // A death, and what was lost with a gap, have no mark; the states around the header tell.
    if (index > 0 && (begun === null || begun.start || begun.lost > 0)) yield { index, seq: null, router: null };
    next = header;
  }
}

const isBehind = ({ seq, hlc }: Place, selection: Selection): boolean =>
  (selection.until !== null && hlc > selection.until + LATE) || (selection.seq !== null && seq > selection.seq);

function* markedIn(file: string, index: number, selection: Selection): Generator<Candidate> {
  for (const event of eventsIn(file)) {
    const first = event.at(-1);
    if (first === undefined || isBehind({ ...first, seq: first.seq - 1 }, selection)) continue;
    const last = inOrder(event.filter((mark) => isAbout(selection.vr, mark))).at(-1);
    if (last !== undefined) yield { index, seq: first.seq - 1, router: last.router };
  }
}

/** The marks of each event, the last event and the last mark first. */
function* eventsIn(file: string): Generator<readonly (Place & Mark)[]> {
  let marks: (Place & Mark)[] = [];
  for (const mark of marksBackwards(file)) {
    const before = marks.at(-1);
    if (before !== undefined && before.seq !== mark.seq + 1) {
      yield marks;
      marks = [];
    }
    marks.push(mark);
  }
  if (marks.length > 0) yield marks;
}

/** As an explanation has them: whoever followed its group comes last. */
const inOrder = (marks: readonly (Place & Mark)[]): readonly (Place & Mark)[] =>
  marks.toReversed().sort((a, b) => Number(a.because.startsWith("group_")) - Number(b.because.startsWith("group_")));

/** Whether no phase changed between two headers. */
const isQuiet = (a: Header, b: Header): boolean => !b.start && phasesOf(a) === phasesOf(b);

const phasesOf = ({ config, state }: Header): string =>
  config.routers.map(({ key }, i) => `${key} ${state.routers[i]?.phase.name} ${state.routers[i]?.phase.since}`).join();

// ---------------------------------------------------------------- how much of it is needed

type Ranged = Evidence & { readonly range: Range };

function around(files: readonly string[], candidate: Candidate, selection: Selection, onFlaw: OnFlaw): Ranged | null {
  const { index, router } = candidate;
  if (router === null) return among(files, candidate, selection, onFlaw, null);
  const some = companionsIn(headOf(files[index] ?? "").header, [router]);
  const found = among(files, candidate, selection, onFlaw, some);
  // Of a group that came with a configuration within the segment its header does not know: then everybody counts.
  return found ?? among(files, candidate, selection, onFlaw, null);
}

/** What is found when only these routers are looked at; null for all of them. */
function among(
  files: readonly string[],
  candidate: Candidate,
  selection: Selection,
  onFlaw: OnFlaw,
  wanted: Set<RouterKey> | null,
): Ranged | null {
  const { index, seq, router } = candidate;
  const file = files[index] ?? "";
  const isMeant = (one: Transition): boolean => isSelected(one, selection) && isThat(candidate, one);
  let range = { from: router === null ? index - 1 : index, to: index };
  for (;;) {
    const isNamed = wanted === null ? null : (name: string): boolean => wanted.has(name as RouterKey);
    const { log, read } = fold(files, range, isNamed, onFlaw);
    const scenes = witnessed(log.steps, (one) => one.seq === seq || isMeant(one));
    const found = scenes.findLast(({ transition }) => isMeant(transition));
    // Only what happens at the header is looked for where no mark is.
    if (found === undefined || (router === null && !isAtHeader(found, file))) return null;
    const more = wanted === null ? 0 : addAll(wanted, companionsAt(log, found));
    const next = extended(files, index, range, found, neededBy(found, scenes));
    if (more === 0 && next.from === range.from && next.to === range.to)
      return { log: clockedBy(log, found.transition), transition: found.transition, read, range };
    range = next;
  }
}

type Range = { readonly from: number; readonly to: number };

const extended = (
  files: readonly string[],
  index: number,
  { from, to }: Range,
  { transition }: Witnessed,
  need: number | null,
): Range => ({ from: earlier(files, from, need), to: Math.max(to, lastOf(files, index, transition)) });

const isThat = ({ router, seq }: Candidate, one: Transition): boolean =>
  router === null || (one.router === router && one.seq === seq);

/** Gives how many were new. */
function addAll<T>(set: Set<T>, more: readonly T[]): number {
  const { size } = set;
  for (const one of more) set.add(one);
  return set.size - size;
}

/** A router and who is in a sync group with it, and has to be known to know what it did. */
const companionsIn = (header: Header | null, keys: readonly RouterKey[]): Set<RouterKey> =>
  new Set(header === null ? keys : keys.flatMap((key) => membersWith(header.config, key)));

function companionsAt(log: NodeLog, { transition: { seq, router } }: Witnessed): readonly RouterKey[] {
  const step = log.steps.find(({ line }) => line.seq === seq);
  return step === undefined ? [] : membersWith(step.state.config, router);
}

const isAtHeader = ({ line }: Witnessed, file: string): boolean =>
  line.type === "header" && line.seq === beginningOf(file)?.seq;

/** What this one needs, and whoever moved with it and may have been its cause. */
function neededBy(found: Witnessed, scenes: readonly Witnessed[]): number | null {
  const together = scenes.filter(({ transition: { seq } }) => seq === found.transition.seq);
  const needs = [found, ...together].map(neededSince);
  return needs.includes(null) ? null : Math.min(...needs.map(Number));
}

/** From which segment on one has to read; the one before when it is not known how far back. */
function earlier(files: readonly string[], from: number, need: number | null): number {
  for (let i = from; i > 0; i--) {
    const begun = beginningOf(files[i] ?? "");
    // Behind a start lies another life, and nothing that still matters.
    if (begun?.start === true) return i;
    if (begun !== null && need !== null && begun.at <= need) return i;
    if (need === null && i < from) return i;
  }
  return 0;
}

/** The last segment that may tell what came of a transition. */
function lastOf(files: readonly string[], index: number, { at, router }: Transition): number {
  for (let i = index + 1; i < files.length; i++) {
    const { header } = headOf(files[i] ?? "");
    if (header === null) continue;
    const soon = header.at >= at && header.at - at <= AFTERMATH;
    if (!soon && header.hooks?.some(({ notice }) => notice.router === router) !== true) return i - 1;
  }
  return files.length - 1;
}

// ---------------------------------------------------------------- reading it

const TIMES = /^\{"seq":\d+,"at":(\d+),"hlc":(\d+),"(seen|heird)"/;

/**
 * Tells of a line by which the clock was set: whoever it names, it has to be known. While `hlc` stands still because
 * the clock was set back, that is every line, and each says at its end what the clock really was.
 */
function clockWatch(): (head: string) => boolean {
  let offset = Number.NaN;
  return (head) => {
    const [, at, hlc, kind] = TIMES.exec(head) ?? [];
    if (kind === undefined) return false;
    const said = Number(hlc) - Number(at) / 1_000;
    const isNew = kind === "heird" || !(Math.abs(said - offset) <= CLOCK_STEP);
    if (isNew) offset = said;
    return isNew;
  };
}

type Folded = { readonly log: NodeLog; readonly read: Read };

/** Lines that name a router; a configuration and a state name many. */
const NAMED =
  /"(?:seen":\{"type":"(?!configured)\w+"|window":\{"kind":"\w+"|mark":1),(?:"[a-z]+":"\w+",)?"router":(?:null|"([^"]*)")/;

function fold(
  files: readonly string[],
  { from, to }: Range,
  isNamed: ((router: string) => boolean) | null,
  onFlaw: OnFlaw,
): Folded {
  const some = files.slice(from, to + 1);
  refuseNewer(some);
  const flaws: Flaw[] = [];
  let lines = 0;
  const isSet = clockWatch();
  const isWanted = (head: string): boolean => {
    lines += 1;
    if (isSet(head) || isNamed === null) return true;
    const named = NAMED.exec(head);
    return named === null || (named[1] !== undefined && isNamed(named[1]));
  };
  const noted = (flaw: Flaw): void => {
    flaws.push(flaw);
    onFlaw(flaw);
  };
  const steps = [...told(linesOf(some, { onFlaw: noted, isWanted }))];
  const clock = wallClock();
  for (const { line } of steps) clock.look(line);
  // What the file calls the router tells two nodes apart where their machines are called the same.
  const named = steps.at(-1)?.state.config.routerId ?? "";
  const node = named === "" ? headOf(some[0] ?? "").header?.node : named;
  const read = { segments: some.length, of: files.length, lines, flaws };
  return { log: { node: node ?? some[0] ?? "", steps, wallOf: clock.wallOf }, read };
}
