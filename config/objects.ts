// What instances refer to: scripts, files, processes, BFD sessions. Gathered before any instance is
// read, so that the order of blocks does not matter.

import { type Duration, seconds } from "../agent/core/time.ts";
import type { DeclaredBfd, DeclaredFile, DeclaredProcess, DeclaredScript } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { hysteresisIn } from "./hysteresis.ts";
import { type Entry, entriesOf, entryOf, has, numberIn, type Section, textIn } from "./section.ts";
import { placeOf } from "./syntax.ts";
import type { CommandLine, Weight } from "./values.ts";
import { plainNumber } from "./values.ts";

export type Objects = {
  readonly scripts: readonly DeclaredScript[];
  readonly files: readonly DeclaredFile[];
  readonly processes: readonly DeclaredProcess[];
  readonly bfds: readonly DeclaredBfd[];
};

/** Everything that can be tracked. */
export function declareObjects(root: Section, report: Report): Objects {
  return {
    scripts: named(root, "vrrp_script", report).flatMap((section) => script(section, report)),
    files: named(root, "track_file", report).flatMap((section) => file(section, report)),
    processes: named(root, "vrrp_track_process", report).flatMap((section) => process(section, report)),
    bfds: named(root, "bfd_instance", report).map((section) => ({
      name: section.label,
      place: section.place,
      ...weightIn(section, 0),
    })),
  };
}

/** The sections of one kind; of two with the same name the first. */
export function named(root: Section, keyword: string, report: Report): readonly Section[] {
  const found = new Map<string, Entry>();
  for (const entry of entriesOf(root, keyword)) {
    if (entry.section === null) continue;
    const before = found.get(entry.section.label);
    if (before === undefined) found.set(entry.section.label, entry);
    else
      report(
        problem("H0202", entry.place, `${keyword} ${entry.section.label} is defined twice`, "rename one of them", [
          noteAt(before.place, "the other one"),
        ]),
      );
  }
  return [...found.values()].flatMap(({ section }) => (section === null ? [] : [section]));
}

/** The words of a keyword that takes several. */
export function wordsIn(section: Section, name: string): readonly string[] | undefined {
  const value = entryOf(section, name)?.value;
  return Array.isArray(value) ? (value as readonly string[]) : undefined;
}

/** The command of a script keyword. */
export function commandIn(section: Section, name: string): CommandLine | null {
  const value = entryOf(section, name)?.value;
  return typeof value === "object" && "argv" in value ? value : null;
}

/** weight N [reverse] of a section. */
export function weightIn(section: Section, fallback: number): Weight {
  const value = entryOf(section, "weight")?.value;
  return typeof value === "object" && "weight" in value ? value : { weight: fallback, reverse: false };
}

const secondsIn = (section: Section, name: string): Duration | undefined => {
  const value = numberIn(section, name);
  return value === undefined ? undefined : seconds(value);
};

function script(section: Section, report: Report): readonly DeclaredScript[] {
  const command = commandIn(section, "script");
  if (command === null) {
    if (!has(section, "script"))
      report(
        problem(
          "H0204",
          section.place,
          `vrrp_script ${section.label} has no script`,
          'write script "/path/to/check arguments" into it',
        ),
      );
    return [];
  }
  const interval = entryOf(section, "interval");
  if (interval?.value === 0)
    report(
      problem(
        "H0106",
        placeOf(interval.name),
        "interval 0: the script runs every second, as in Keepalived",
        "write interval 1",
      ),
    );
  if (typeof interval?.value === "number" && !Number.isInteger(interval.value)) {
    report(
      problem(
        "H0407",
        interval.place,
        "an interval with a fraction needs Keepalived 2.3.2 or newer; older ones take 1",
      ),
    );
  }
  const user = wordsIn(section, "user");
  return [
    {
      name: section.label,
      place: section.place,
      command,
      interval: secondsIn(section, "interval") || seconds(1),
      timeout: secondsIn(section, "timeout") || null,
      ...weightIn(section, 0),
      rise: numberIn(section, "rise") ?? 1,
      fall: numberIn(section, "fall") ?? 1,
      user: user?.[0] ?? null,
      group: user?.[1] ?? null,
      initFail: has(section, "init_fail"),
      hysteresis: hysteresisIn(section, report),
    },
  ];
}

function file(section: Section, report: Report): readonly DeclaredFile[] {
  const path = textIn(section, "file");
  if (path === undefined) {
    if (!has(section, "file"))
      report(
        problem(
          "H0204",
          section.place,
          `track_file ${section.label} names no file`,
          "write file /path/to/file into it",
        ),
      );
    return [];
  }
  const init = wordsIn(section, "init_file");
  const overwrite = init?.includes("overwrite") ?? false;
  const value = init?.find((word) => word !== "overwrite");
  return [
    {
      name: section.label,
      place: section.place,
      path,
      ...weightIn(section, 1),
      init: init === undefined ? null : { value: plainNumber(value ?? "0", true) ?? 0, overwrite },
    },
  ];
}

function process(section: Section, report: Report): readonly DeclaredProcess[] {
  const words = wordsIn(section, "process");
  if (words === undefined) {
    if (!has(section, "process"))
      report(
        problem(
          "H0204",
          section.place,
          `vrrp_track_process ${section.label} names no process`,
          "write process NAME into it",
        ),
      );
    return [];
  }
  const match = textIn(section, "param_match");
  const delay = secondsIn(section, "delay") ?? seconds(0);
  return [
    {
      name: section.label,
      place: section.place,
      process: words,
      paramMatch: match === "initial" || match === "partial" ? match : null,
      ...weightIn(section, 0),
      quorum: numberIn(section, "quorum") ?? 1,
      quorumMax: numberIn(section, "quorum_max") ?? null,
      forkDelay: secondsIn(section, "fork_delay") ?? delay,
      terminateDelay: secondsIn(section, "terminate_delay") ?? delay,
      fullCommand: has(section, "full_command"),
    },
  ];
}
