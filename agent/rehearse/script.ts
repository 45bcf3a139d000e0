// What happens in a rehearsal, as sentences: `at 10s kill a`, `at 20s unplug b eth0 for 5s`.

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

/** One sentence, as what it does; a sentence back says what is wrong with it. */
export function readStep(sentence: string, names: readonly string[]): readonly Step[] | string {
  const [, from = "", rest = "", span] = /^at (\S+) (.*?)(?: for (\S+))?$/.exec(sentence.trim()) ?? [];
  const at = spanOf(from);
  if (at === null) return `"${sentence}" does not begin with a time, as "at 10s kill a" does`;
  const lasting = span === undefined ? null : spanOf(span);
  if (span !== undefined && lasting === null) return `"${span}" is no time: write 500ms, 5s or 2m`;
  for (const { form, read } of VOCABULARY) {
    const words = form.exec(rest);
    if (words === null) continue;
    const stranger = namesIn(rest).find((name) => !names.includes(name));
    if (stranger !== undefined) return `there is no ${stranger}; the routers are ${names.join(", ")}`;
    const { act, undo } = read(words, lasting);
    const begin = { at, sentence: rest, act };
    if (lasting === null || undo === null) return [begin];
    return [begin, { at: (at + lasting) as Duration, sentence: `${rest} is over`, act: undo }];
  }
  return `"${rest}" is none of: ${VERBS.join("; ")}`;
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
