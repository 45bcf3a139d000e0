// The lines of track_* blocks: names with weights.

import type { DeclaredTrack, DeclaredTracks, DeclaredWitness } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { linesIn, type Section } from "./section.ts";
import type { Place } from "./source.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";
import { interfaceProblem, numberOf } from "./values.ts";

/** What references may name, with the weight they have when the line gives none. */
export type Trackable = {
  readonly name: string;
  readonly weight: number;
  readonly reverse: boolean;
  /** Where it is defined. */
  readonly place: Place;
  /** What is asked, where it is a check. */
  readonly probe?: { readonly kind: string };
};

export type TrackKind = {
  /** For people: "script". */
  readonly what: string;
  /** The block that defines one; null for interfaces, which nothing defines. */
  readonly definedBy: string | null;
  readonly limit: number;
  readonly known: ReadonlyMap<string, Trackable>;
  /** What has a block, perhaps with mistakes that keep it from being known. */
  readonly defined: ReadonlySet<string>;
};

/** The references of a block of trackers. What is defined nowhere is an error: a check that silently is not there is worse. */
export function trackLines(lines: readonly Statement[], kind: TrackKind, report: Report): readonly DeclaredTrack[] {
  if (lines.length === 0) return lines as readonly never[];
  const seen = new Map<string, DeclaredTrack>();
  for (const { words, place } of lines) {
    const [name, ...options] = words;
    if (name === undefined) continue;
    const target = targetOf(name, kind, report);
    if (target === undefined) continue;
    if (target.probe?.kind === "metric") unweighed(options, target, report);
    const track: DeclaredTrack = { name: name.text, ...weightOption(options, target, kind, report), place };
    const before = seen.get(name.text);
    if (before === undefined) seen.set(name.text, track);
    else
      report(
        problem(
          "H0212",
          placeOf(name),
          `${kind.what} ${name.text} is tracked twice; the first one counts`,
          "remove one of them",
          [noteAt(before.place, "the other one")],
        ),
      );
  }
  return [...seen.values()];
}

function targetOf(name: Word, kind: TrackKind, report: Report): Trackable | undefined {
  if (kind.definedBy === null) {
    const wrong = interfaceProblem(name);
    if (wrong !== undefined) report(wrong);
    return wrong === undefined ? { name: name.text, weight: 0, reverse: false, place: placeOf(name) } : undefined;
  }
  const target = kind.known.get(name.text);
  if (target !== undefined) {
    const { line } = target.place;
    if (line.file === name.line.file && line.number > name.line.number) {
      report(
        problem(
          "H0219",
          placeOf(name),
          `${name.text} is defined further down, where Keepalived would not find it`,
          `move ${kind.definedBy} ${name.text} up to stay portable`,
        ),
      );
    }
    return target;
  }
  // Its own mistakes are told already.
  if (kind.defined.has(name.text)) return undefined;
  const near = closest(name.text, [...kind.known.keys()]);
  report(
    problem(
      "H0201",
      placeOf(name),
      `${kind.what} "${name.text}" is defined nowhere`,
      near === undefined ? `write a block ${kind.definedBy} ${name.text} { … }` : `did you mean ${near}?`,
    ),
  );
  return undefined;
}

function weightOption(
  options: readonly Word[],
  target: Trackable,
  kind: TrackKind,
  report: Report,
): Pick<DeclaredTrack, "weight" | "reverse"> {
  let { weight, reverse } = target;
  for (let i = 0; i < options.length; i++) {
    const word = options[i];
    if (word === undefined) break;
    const value = options[i + 1];
    if (word.text === "reverse") reverse = true;
    else if (word.text === "noreverse") reverse = false;
    else if (word.text === "weight" && value !== undefined) {
      i++;
      weight =
        numberOf(value, "weight", { min: -kind.limit, max: kind.limit, whole: true, unit: "" }, report) ?? weight;
    } else if (word.text === "weight")
      report(problem("H0002", placeOf(word), "weight needs a number behind it", "write weight -20"));
    else unknown(word, kind, report);
  }
  return { weight, reverse };
}

/** What a metric weighs stands in its scale. */
function unweighed(options: readonly Word[], { name, place }: Trackable, report: Report): void {
  const word = options.find(({ text }) => text === "weight");
  if (word === undefined) return;
  const notes = [noteAt(place, "it is defined here")];
  const message = `weight: ${name} is a metric, whose weights are in linear or step`;
  report(problem("H0127", placeOf(word), message, "remove the weight here", notes));
}

function unknown(word: Word, kind: TrackKind, report: Report): void {
  const value = /^weight[=:](-?\d+)$/.exec(word.text)?.[1];
  const another = kind.known.has(word.text);
  const help =
    value !== undefined
      ? `write weight ${value}`
      : another
        ? "write one name per line"
        : "options are weight N, reverse and noreverse";
  report(problem("H0110", placeOf(word), `"${word.text}" is no option of a tracked ${kind.what}`, help));
}

const POLICIES = ["veto", "release", "advisory"] as const;

/** The lines of `witness { }`: the name of a check, and what a bad answer means. */
export function witnessLines(lines: readonly Statement[], kind: TrackKind, report: Report): readonly DeclaredWitness[] {
  return lines.flatMap(({ words, place }) => {
    const [name, policy, ...more] = words;
    const target = name === undefined ? undefined : targetOf(name, kind, report);
    const given = POLICIES.find((one) => one === policy?.text);
    const odd = policy !== undefined && given === undefined ? policy : more[0];
    if (odd !== undefined)
      report(
        problem("H0110", placeOf(odd), `"${odd.text}" is no option of a witness`, `options are ${POLICIES.join(", ")}`),
      );
    return target === undefined ? [] : [{ name: target.name, policy: given ?? "veto", place }];
  });
}

/** Names, one or several per line. */
export const nameLines = (lines: readonly Statement[]): readonly Word[] => lines.flatMap(({ words }) => words);

export type TrackKinds = {
  readonly interfaces: TrackKind;
  readonly scripts: TrackKind;
  readonly files: TrackKind;
  readonly processes: TrackKind;
  readonly bfds: TrackKind;
  readonly checks: TrackKind;
};

/** The trackers of a section. */
export function tracksIn(section: Section, kinds: TrackKinds, report: Report): DeclaredTracks {
  return {
    interfaces: trackLines(linesIn(section, "track_interface"), kinds.interfaces, report),
    scripts: trackLines(linesIn(section, "track_script"), kinds.scripts, report),
    files: trackLines(linesIn(section, "track_file"), kinds.files, report),
    processes: trackLines(linesIn(section, "track_process"), kinds.processes, report),
    bfds: trackLines(linesIn(section, "track_bfd"), kinds.bfds, report),
    checks: trackLines(linesIn(section, "track_check"), kinds.checks, report),
  };
}

/**
 * Members of a sync group change together, so that weights on one of them are dropped, as Keepalived
 * does: links and files then decide through FAULT, the rest would not be looked at any more.
 */
export function withoutWeights(tracks: DeclaredTracks, group: string, report: Report): DeclaredTracks {
  const zero = (track: DeclaredTrack): DeclaredTrack => {
    if (track.weight === 0) return track;
    report(
      problem(
        "H0214",
        track.place,
        `${track.name}: in sync group ${group} the weight is dropped, and being bad means FAULT`,
        "write weight 0, or sync_group_tracking_weight into the group",
      ),
    );
    return { ...track, weight: 0 };
  };
  const drop = (track: DeclaredTrack): boolean => {
    if (track.weight !== 0)
      report(
        problem(
          "H0215",
          track.place,
          `${track.name}: in sync group ${group} a weight has no place, and Keepalived would drop the whole check`,
          "write weight 0, track it in the group, or write sync_group_tracking_weight into the group",
        ),
      );
    return track.weight === 0;
  };
  return {
    interfaces: tracks.interfaces.map(zero),
    scripts: tracks.scripts.filter(drop),
    files: tracks.files.map(zero),
    processes: tracks.processes.filter(drop),
    bfds: tracks.bfds.filter(drop),
    checks: tracks.checks.filter(drop),
  };
}
