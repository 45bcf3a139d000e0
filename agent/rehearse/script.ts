// What happens in a rehearsal, as sentences: `at 10s kill a`, `at 20s unplug b eth0 for 5s`.

import type { Operation } from "../core/command.ts";
import { after, type Duration, microseconds, milliseconds } from "../core/time.ts";
import type { World } from "./world.ts";

export type Step = {
  readonly at: Duration;
  readonly sentence: string;
  readonly act: (world: World) => void;
};

/** What can be said, for whoever said something else. */
export const VERBS = [
  "kill NODE",
  "stop NODE",
  "crash NODE",
  "start NODE",
  "pause NODE for TIME",
  "drain NODE",
  "resume NODE",
  "unplug NODE INTERFACE",
  "plug NODE INTERFACE",
  "cut NODE from NODE",
  "partition NODE... | NODE...",
  "loss PERCENT%",
  "fail CHECK on NODE",
  "pass CHECK on NODE",
  "heal",
] as const;

const UNITS: Readonly<Record<string, number>> = { ms: 1_000, s: 1_000_000, m: 60_000_000 };

/** A span as people write it; null when it is none. */
export function spanOf(text: string): Duration | null {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text) ?? [];
  const scale = UNITS[unit];
  return scale === undefined ? null : microseconds(Number(number) * scale);
}

/** A day of two routers takes two seconds, and what happens in a year has happened in a day. */
const LONGEST = 86_400_000_000;
const beyondADay = (...spans: readonly (string | undefined)[]): string | undefined =>
  spans.find((text) => (spanOf(text ?? "") ?? 0) > LONGEST);

type Read = { readonly act: (world: World) => void; readonly undo: ((world: World) => void) | null };
type Verb = { readonly form: RegExp; readonly read: (words: readonly string[], lasting: Duration | null) => Read };

const one = (act: (world: World) => void, undo: Read["undo"] = null): Read => ({ act, undo });
const restart =
  (name: string) =>
  (world: World): void => {
    const machine = world.machine(name);
    machine.powerOn();
    if (!machine.serves()) machine.start(world.site(name).config);
  };
const plug = (name: string, port: string, up: boolean) => (world: World) => world.machine(name).kernel.setUp(port, up);
const DRAIN: Operation = { type: "drain", routers: null, lasts: null, reason: "rehearsal" };
const RESUME: Operation = { type: "resume", routers: null };
const operate = (name: string, command: Operation) => (world: World) => world.machine(name).operate(command);
const sever = (pairs: readonly string[], off: boolean) => (world: World) => {
  for (const pair of pairs) off ? world.weather.severed.add(pair) : world.weather.severed.delete(pair);
};
const setCheck = (check: string, name: string, ok: boolean) => (world: World) => {
  for (const known of [check, `script/${check}`, `check/${check}`, `file/${check}`, `process/${check}`])
    world.machine(name).setCheck(known, ok);
};

const VOCABULARY: readonly Verb[] = [
  { form: /^kill (\S+)$/, read: ([, a = ""]) => one((world) => world.machine(a).kill(), restart(a)) },
  { form: /^stop (\S+)$/, read: ([, a = ""]) => one((world) => world.machine(a).stop(), restart(a)) },
  { form: /^crash (\S+)$/, read: ([, a = ""]) => one((world) => world.machine(a).powerOff(), restart(a)) },
  { form: /^start (\S+)$/, read: ([, a = ""]) => one(restart(a)) },
  {
    form: /^pause (\S+)$/,
    read: ([, a = ""], lasting) => ({ act: (world) => world.machine(a).pause(lasting ?? milliseconds(0)), undo: null }),
  },
  { form: /^drain (\S+)$/, read: ([, a = ""]) => one(operate(a, DRAIN), operate(a, RESUME)) },
  { form: /^resume (\S+)$/, read: ([, a = ""]) => one(operate(a, RESUME), operate(a, DRAIN)) },
  { form: /^unplug (\S+) (\S+)$/, read: ([, a = "", port = ""]) => one(plug(a, port, false), plug(a, port, true)) },
  { form: /^plug (\S+) (\S+)$/, read: ([, a = "", port = ""]) => one(plug(a, port, true), plug(a, port, false)) },
  {
    form: /^cut (\S+) from (\S+)$/,
    read: ([, a = "", b = ""]) => one(sever([`${b}>${a}`], true), sever([`${b}>${a}`], false)),
  },
  {
    form: /^partition (.+) \| (.+)$/,
    read: ([, left = "", right = ""]) => {
      const pairs = left.split(" ").flatMap((a) => right.split(" ").flatMap((b) => [`${a}>${b}`, `${b}>${a}`]));
      return one(sever(pairs, true), sever(pairs, false));
    },
  },
  {
    form: /^loss (\d+(?:\.\d+)?)%$/,
    read: ([, percent = "0"]) => one(loss(Number(percent) * 10), loss(0)),
  },
  { form: /^fail (\S+) on (\S+)$/, read: ([, c = "", a = ""]) => one(setCheck(c, a, false), setCheck(c, a, true)) },
  { form: /^pass (\S+) on (\S+)$/, read: ([, c = "", a = ""]) => one(setCheck(c, a, true), setCheck(c, a, false)) },
  { form: /^heal$/, read: () => one((world) => world.heal()) },
];

function loss(perMille: number): (world: World) => void {
  return ({ weather }) => {
    weather.loss = perMille;
  };
}

/** What is wrong with a sentence, where in it, and what would be right. */
export type Misread = {
  readonly column: number;
  readonly length: number;
  readonly says: string;
  readonly help: string;
};

/** What the sentences may speak of. */
export type Cast = {
  readonly names: readonly string[];
  /** The interfaces and the tracked things of a router; null where anything will do. */
  readonly portsOf?: (name: string) => readonly string[];
  readonly checksOf?: (name: string) => readonly string[];
};

/** One sentence, as what it does; or what is wrong with it. */
export function readStep(sentence: string, cast: Cast): readonly Step[] | Misread {
  const misread = (word: string, says: string, help: string): Misread => ({
    column: Math.max(0, sentence.indexOf(word)) + 1,
    length: Math.max(1, word.length),
    says,
    help,
  });
  const [, from = "", rest = "", span] = /^\s*at (\S+) (.*?)(?: for (\S+))?\s*$/.exec(sentence) ?? [];
  const at = spanOf(from);
  if (at === null)
    return misread(from, from === "" ? "it does not begin with a time" : `"${from}" is no time`, "write at 10s kill a");
  const lasting = span === undefined ? null : spanOf(span);
  if (span !== undefined && lasting === null) return misread(span, `"${span}" is no time`, "write 500ms, 5s or 2m");
  const long = beyondADay(from, span);
  if (long !== undefined) return misread(long, `${long} is longer than a rehearsal lasts`, "write 1440m at most");
  const found = VOCABULARY.find(({ form }) => form.test(rest));
  const verb = rest.split(" ")[0] ?? "";
  if (found === undefined) return misread(verb, ...unknownVerb(verb));
  const wrong = wrongWord(rest, lasting, cast);
  if (wrong !== null) return misread(...wrong);
  const { act, undo } = found.read(found.form.exec(rest) ?? [], lasting);
  const begin = { at, sentence: rest, act };
  if (lasting === null || undo === null) return [begin];
  return [begin, { at: (at + lasting) as Duration, sentence: `${rest} is over`, act: undo }];
}

function unknownVerb(verb: string): readonly [string, string] {
  const form = VERBS.find((known) => known.startsWith(`${verb} `));
  if (form !== undefined) return [`${verb} needs more, or other, words`, `write ${form}`];
  const near = nearest(
    verb,
    VERBS.map((known) => known.split(" ")[0] ?? ""),
  );
  return [
    `"${verb}" cannot be done`,
    `${near === null ? "" : `did you mean ${near}? `}it is one of ${VERBS.join("; ")}`,
  ];
}

/** A word, what is wrong with it, and what would be right. */
type Wrong = readonly [string, string, string];

function wrongWord(rest: string, lasting: Duration | null, cast: Cast): Wrong | null {
  const { names, portsOf, checksOf } = cast;
  const [verb = "", first = "", second = "", third = ""] = rest.split(" ");
  const stranger = namesIn(rest).find((name) => !names.includes(name));
  if (stranger !== undefined) return [stranger, `there is no ${stranger}`, `the routers are ${names.join(", ")}`];
  switch (verb) {
    case "pause":
      return lasting === null ? [verb, "a pause has an end", `write pause ${first} for 2s`] : null;
    case "cut":
      return first === third ? [third, `${first} always hears itself`, "name two routers"] : null;
    case "loss":
      return Number.parseFloat(first) > 100 ? [first, `${first} is more than everything`, "write 0% to 100%"] : null;
    case "plug":
    case "unplug":
      return unknownTo(first, second, "interface", portsOf);
    case "fail":
    case "pass":
      return unknownTo(third, first, "check that it tracks", checksOf);
    default:
      return null;
  }
}

function unknownTo(name: string, word: string, what: string, known: Cast["portsOf"]): Wrong | null {
  const all = known?.(name);
  if (all === undefined || all.some((one) => one === word || one.endsWith(`/${word}`))) return null;
  return [word, `${name} has no ${what} called ${word}`, all.length === 0 ? "it has none" : `it has ${all.join(", ")}`];
}

/** The one word that differs least, if that is little. */
function nearest(word: string, known: readonly string[]): string | null {
  const [best] = known.map((one) => [distance(word, one), one] as const).sort(([a], [b]) => a - b);
  return best !== undefined && best[0] <= 2 ? best[1] : null;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]));
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The words of a sentence that must be routers. */
function namesIn(rest: string): readonly string[] {
  const [verb = "", ...words] = rest.split(" ");
  if (verb === "loss" || verb === "heal") return [];
  if (verb === "partition") return words.filter((word) => word !== "|");
  if (verb === "cut") return [words[0] ?? "", words[2] ?? ""];
  if (verb === "fail" || verb === "pass") return [words[2] ?? ""];
  return [words[0] ?? ""];
}

/** Puts the steps into the course of a world. */
export function plan(world: World, steps: readonly Step[], tell: (sentence: string) => void): void {
  for (const { at, sentence, act } of steps)
    world.time.at(after(world.time.now(), at), () => {
      tell(sentence);
      act(world);
    });
}
