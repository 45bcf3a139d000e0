// Checks in stories: how one is described, and what it answers.

import type { Belief, CheckConfig, Run, Scale } from "../../agent/core/check.ts";
import { type Instant, microseconds, seconds } from "../../agent/core/time.ts";
import { type Options, optionsOf, spanOf, wholeOf } from "./options.ts";

const CHECK_OPTIONS: readonly string[] = [
  "rise",
  "fall",
  "rise_master",
  "fall_master",
  "rise_backup",
  "fall_backup",
  "init_fail",
  "hold_down",
  "min_good",
  "terminate_delay",
  "flap_penalty",
  "linear",
  "step",
];

const NONE = microseconds(0);

/** `check script/a fall=2 hold_down=3s`; what `file/` tells is a number, and with `linear=` or `step=` a weight. */
export function checkOf([name = "", ...words]: readonly string[]): CheckConfig {
  if (!/^(script|check|file|process)\/./.test(name))
    throw new Error(`a check is script/a, check/a, file/a, not "${name}"`);
  return {
    name,
    // Nobody asks: the story answers.
    question: { kind: "script", program: { argv: ["/bin/true"], user: null, group: null, umask: 0o022 } },
    interval: seconds(1),
    timeout: seconds(1),
    jitter: NONE,
    source: null,
    device: null,
    latency: null,
    belief: beliefOf(name, optionsOf(words, CHECK_OPTIONS)),
  };
}

function beliefOf(name: string, options: Options): Belief {
  const count = (key: string, unsaid: string): number => wholeOf(options.get(key) ?? unsaid);
  const span = (key: string) => spanOf(options.get(key) ?? "0s");
  const [rise, fall] = [options.get("rise") ?? "1", options.get("fall") ?? "1"];
  return {
    master: { rise: count("rise_master", rise), fall: count("fall_master", fall) },
    backup: { rise: count("rise_backup", rise), fall: count("fall_backup", fall) },
    initFail: options.get("init_fail") === "yes",
    holdDown: span("hold_down"),
    minGood: span("min_good"),
    minBad: span("terminate_delay"),
    flapPenalty: penaltyOf(options.get("flap_penalty")),
    verdict: scaleOf(options) ?? (name.startsWith("file/") ? "number" : "upOrDown"),
  };
}

/** `flap_penalty=1000:2000:750:60s:240s`: per_flap, suppress, reuse, half_life, max_suppress. */
function penaltyOf(text: string | undefined): Belief["flapPenalty"] {
  if (text === undefined) return null;
  const [perFlap = "", suppress = "", reuse = "", halfLife = "", longest = ""] = text.split(":");
  return {
    perFlap: wholeOf(perFlap),
    suppress: wholeOf(suppress),
    reuse: wholeOf(reuse),
    halfLife: spanOf(halfLife),
    maxSuppress: spanOf(longest),
  };
}

/** `linear=0:100:10:-90` as in the file, `step=10:-10,20:-30`. */
function scaleOf(options: Options): Scale | null {
  const [from = 0, to = 0, low = 0, high = 0] = options.get("linear")?.split(":").map(Number) ?? [];
  if (options.has("linear")) return { kind: "linear", from, to, weights: [low, high] };
  const steps = options
    .get("step")
    ?.split(",")
    .map((step) => step.split(":").map(Number));
  return steps === undefined
    ? null
    : { kind: "steps", steps: steps.map(([above = 0, weight = 0]) => ({ from: above, weight })) };
}

/** `good`, `bad`, or the number that was read. */
export function runOf(word: string, at: Instant): Run {
  if (!/^(good|bad|-?\d+(\.\d+)?)$/.test(word)) throw new Error(`an answer is good, bad or a number, not "${word}"`);
  const ok = word !== "bad";
  const value = ok && word !== "good" ? Number(word) : null;
  const detail = ok ? "" : "exit 1";
  const times = { started: at, queued: NONE, took: NONE, skipped: 0 };
  return { ok, value, detail, exit: null, timedOut: false, output: "", ...times };
}
