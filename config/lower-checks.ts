// Everything that is tracked becomes checks of the core, and references become tracks.

import type { Belief, CheckConfig, Counts, Program, Question, Tls } from "../agent/core/check.ts";
import type { RouterConfig } from "../agent/core/config.ts";
import { microseconds, seconds } from "../agent/core/time.ts";
import { USUAL_UMASK } from "../agent/core/usual.ts";
import type { Declaration, DeclaredFile, DeclaredGlobals, DeclaredProcess, DeclaredScript } from "./declaration.ts";
import type { DeclaredCheck, DeclaredHysteresis, DeclaredNumber, DeclaredProbe } from "./declared-checks.ts";
import { tracksOf } from "./lower-groups.ts";
import { tableOf } from "./tables.ts";
import type { CommandLine } from "./values.ts";

const NONE = microseconds(0);

/** Who a script runs as where nothing names anybody. */
type Runner = Omit<Program, "argv">;

/** All checks that somebody tracks; a check that nobody tracks is not asked. */
export function lowerChecks(
  { globals, scripts, files, processes, checks, instances, groups }: Declaration,
  keepalivedScript: boolean,
): readonly CheckConfig[] {
  const runner = runnerOf(globals, keepalivedScript);
  const all = [
    ...scripts.map((one) => script(one, runner)),
    ...files.map(file),
    ...processes.map(running),
    ...checks.map((one) => check(one, runner)),
  ];
  const used = new Set([...instances, ...groups].flatMap(({ tracks }) => tracksOf(tracks)).map((track) => track.check));
  for (const { witnesses } of instances) for (const { name } of witnesses) used.add(`check/${name}`);
  return all.filter(({ name }) => used.has(name));
}

/** A3.1: script_user, else keepalived_script where there is one, else the daemon's own. */
const runnerOf = ({ scriptUser, notify }: DeclaredGlobals, keepalivedScript: boolean): Runner => ({
  user: scriptUser?.[0] ?? (keepalivedScript ? "keepalived_script" : null),
  group: scriptUser?.[1] ?? null,
  umask: notify.umask ?? USUAL_UMASK,
});

/** The weights of a metric are in its scale, and what it tells is one of them. */
export function withMetrics({ checks }: Declaration): (router: RouterConfig) => RouterConfig {
  const metrics = new Set(checks.filter(({ probe }) => probe.kind === "metric").map(({ name }) => `check/${name}`));
  return (router) => {
    if (!router.tracks.some((track) => metrics.has(track.check))) return router;
    return {
      ...router,
      tracks: router.tracks.map((track) => (metrics.has(track.check) ? { ...track, weight: 1 } : track)),
    };
  };
}

const believed = (counts: Counts, initFail: boolean, more: DeclaredHysteresis): Belief => ({
  master: { rise: more.riseMaster ?? counts.rise, fall: more.fallMaster ?? counts.fall },
  backup: { rise: more.riseBackup ?? counts.rise, fall: more.fallBackup ?? counts.fall },
  initFail,
  holdDown: more.holdDown,
  minGood: more.minGood,
  minBad: NONE,
  flapPenalty: more.flapPenalty,
  verdict: "upOrDown",
});

const AT_ONCE: Belief = {
  master: { rise: 1, fall: 1 },
  backup: { rise: 1, fall: 1 },
  initFail: false,
  holdDown: NONE,
  minGood: NONE,
  minBad: NONE,
  flapPenalty: null,
  verdict: "upOrDown",
};

/** What is told as it happens has no rhythm, and asks from nowhere. */
const TOLD = { interval: seconds(1), timeout: seconds(1), jitter: NONE, source: null, device: null, latency: null };

/** A user of its own has that user's group. */
const program = (argv: readonly string[], { user, group }: Omit<CommandLine, "argv" | "word">, runner: Runner) => ({
  ...runner,
  argv,
  ...(user === null ? {} : { user, group }),
});

function script(
  { name, command, interval, timeout, rise, fall, user, group, initFail, hysteresis }: DeclaredScript,
  runner: Runner,
): CheckConfig {
  return {
    ...TOLD,
    name: `script/${name}`,
    question: { kind: "script", program: program(command.argv, { user, group }, runner) },
    interval,
    timeout: timeout ?? interval,
    jitter: hysteresis.jitter,
    belief: believed({ rise, fall }, initFail, hysteresis),
  };
}

const file = ({ name, path, init }: DeclaredFile): CheckConfig => ({
  ...TOLD,
  name: `file/${name}`,
  question: { kind: "file", path, init },
  belief: { ...AT_ONCE, verdict: "number" },
});

const running = (declared: DeclaredProcess): CheckConfig => {
  const { name, process: wanted, paramMatch, fullCommand, quorum, quorumMax, forkDelay, terminateDelay } = declared;
  return {
    ...TOLD,
    name: `process/${name}`,
    question: { kind: "process", process: wanted, paramMatch, fullCommand, quorum, quorumMax },
    belief: { ...AT_ONCE, minGood: forkDelay, minBad: terminateDelay },
  };
};

function check(declared: DeclaredCheck, runner: Runner): CheckConfig {
  const { name, probe, interval, timeout, rise, fall, initFail, source, device, latency, hysteresis } = declared;
  const belief = believed({ rise, fall }, initFail, hysteresis);
  return {
    name: `check/${name}`,
    question: question(probe, runner),
    interval,
    timeout: timeout ?? interval,
    jitter: hysteresis.jitter,
    source,
    device,
    latency,
    belief: probe.kind === "metric" ? { ...belief, verdict: probe.scale } : belief,
  };
}

function question(probe: DeclaredProbe, runner: Runner): Question {
  switch (probe.kind) {
    case "http": {
      const { ca, cert, key, verify, ...rest } = probe;
      const tls: Tls = { ca, cert, key, verify };
      return { ...rest, tls };
    }
    case "route":
      return { ...probe, table: tableOf(probe.table) ?? 0 };
    case "metric":
      return metric(probe.number, runner);
    case "tcp":
    case "ping":
    case "dns":
    case "arp":
      return probe;
  }
}

function metric(number: DeclaredNumber, runner: Runner): Question {
  const { pointer } = number;
  switch (number.kind) {
    case "file":
      return { kind: "metric", number: { kind: "file", path: number.path }, pointer };
    case "url":
      return { kind: "metric", number: { kind: "url", url: number.url }, pointer };
    case "script":
      return {
        kind: "metric",
        number: { kind: "script", program: program(number.command.argv, number.command, runner) },
        pointer,
      };
  }
}
