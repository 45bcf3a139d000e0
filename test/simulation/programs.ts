// The programs that daemons of a swarm tell: how long each runs, whether it hangs, fails or cares for
// SIGTERM is drawn; and S6, judged by what was really started and what the fold was told.

import { type Delivery, deliveriesOf, eventIdOf, isTransition } from "../../agent/core/deliveries.ts";
import type { Notice } from "../../agent/core/effect.ts";
import type { HookOutcome } from "../../agent/core/event.ts";
import type { Turn } from "../../agent/core/state.ts";
import { type Duration, type Instant, milliseconds } from "../../agent/core/time.ts";
import { notify, type Unfinished } from "../../agent/effects/notify.ts";
import type { Deed } from "../../agent/hooks/deed.ts";
import { queueName } from "../../agent/hooks/deeds.ts";
import type { Ending, Running } from "../../agent/hooks/queue.ts";
import type { FakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import type { MachineHooks } from "../../agent/rehearse/machine.ts";
import type { Random } from "../../agent/rehearse/random.ts";
import { type Sometimes, saw } from "./sometimes.ts";

/** Longer than any pause between two attempts, in µs. */
const QUIET = milliseconds(2_500);

/** One delivery that a turn asked for, and what has become of it. */
type Wish = {
  readonly queue: string;
  readonly event: string;
  readonly hook: string;
  readonly state: string;
  readonly transition: boolean;
  readonly retries: number;
  readonly order: "all" | "latest";
  begins: number;
  final: string | null;
};

/** What one daemon was asked to tell, from its start to its death. */
export type Telling = {
  readonly hooks: MachineHooks;
  /** Must see every turn of that daemon. */
  readonly see: (turn: Turn) => void;
  /** When nothing has happened for a while: what is not over must be under way, and the last word must be true. */
  readonly settle: (stateOf: (queue: string) => string | null) => void;
};

/** What runs in each queue, and since when nothing does. */
type Floor = { readonly running: Map<string, string>; readonly idle: Map<string, Instant> };

export type Around = {
  readonly kernel: FakeKernel;
  readonly random: Random;
  readonly wall: () => number;
  readonly life: string;
  readonly unfinished: readonly Unfinished[];
  readonly fail: (says: string) => void;
  readonly sometimes: Sometimes;
};

export function openTelling(around: Around): Telling {
  const { kernel, life, fail, sometimes } = around;
  const wishes: Wish[] = [];
  const floor: Floor = { running: new Map(), idle: new Map() };
  /** How many wishes there were when a configuration left an instance without a program. */
  const unheard = new Map<string, number>();
  let dead = false;
  const notifier = notify({
    clock: { now: kernel.now, after: (span, act) => callOffable(kernel, span, () => dead || act()) },
    wall: around.wall,
    life,
    doer: { prepare: () => {}, run: programs(around, floor, () => dead), close: () => {} },
    unfinished: around.unfinished,
  });
  for (const { notice, event, hook } of around.unfinished) wishes.push(wishFor(notice, event, hook));
  if (around.unfinished.length > 0) saw(sometimes, "hook told again after a death");

  return {
    hooks: {
      drive: notifier.drive,
      preparer: notifier.preparer,
      end: () => {
        dead = true;
        if (floor.running.size > 0) saw(sometimes, "daemon died in the middle of a hook");
      },
    },
    see: (turn) => {
      for (const queue of withoutProgram(turn)) unheard.set(queue, wishes.length);
      for (const effect of turn.effects)
        if (effect.type === "notify")
          for (const { hook } of deliveriesOf(effect.notice, turn.state.config.notify))
            wishes.push(wishFor(effect.notice, eventIdOf(life, effect.notice), hook));
      hear(turn, wishes, { fail, sometimes });
    },
    settle: (stateOf) => {
      for (const says of wrongWhenQuiet({ wishes, unheard }, floor, kernel.now(), stateOf)) fail(`S6: ${says}`);
    },
  };
}

/**
 * Whom a new configuration leaves without a program: one that comes with a later one is told, as with Keepalived, what
 * changes from there on, and not what has changed while nobody listened.
 */
const withoutProgram = ({ event: { seen }, state: { config } }: Turn): readonly string[] =>
  seen.type !== "configured"
    ? []
    : config.routers
        .filter(({ hooks }) => Object.values(hooks.scripts).every((script) => script === null))
        .map(({ name }) => `INSTANCE ${name}`);

const wishFor = (notice: Notice, event: string, hook: string): Wish => ({
  queue: queueName(notice, { type: "script", hook } as Delivery),
  event,
  hook,
  state: notice.word,
  transition: isTransition(notice),
  retries: notice.hooks.policy.retries,
  order: notice.hooks.policy.order,
  begins: 0,
  final: null,
});

type Ears = Pick<Around, "fail" | "sometimes">;

/** S6: in the order of what happened, as often as may be tried, and over once. */
function hear({ event: { seen } }: Turn, wishes: readonly Wish[], ears: Ears): void {
  if (seen.type !== "hookBegan" && seen.type !== "hookEnded") return;
  const at = wishes.findIndex(({ event, hook }) => event === seen.event && hook === seen.hook);
  const wish = wishes[at];
  // pre_master and pre_backup are no notices: nobody is told, somebody is waited for.
  if (wish === undefined) {
    if (!seen.hook.startsWith("pre_")) ears.fail(`S6: ${seen.hook} of ${seen.event} was never wished for`);
    return;
  }
  if (wish.final !== null) ears.fail(`S6: ${seen.hook} of ${seen.event} was ${wish.final} and goes on`);
  const later = wishes.slice(at + 1).filter(({ queue }) => queue === wish.queue);
  if (seen.type === "hookBegan") hasBegun(wish, later, ears);
  else if (seen.final) isOver(wish, seen.outcome, later, ears);
}

function hasBegun(wish: Wish, later: readonly Wish[], { fail, sometimes }: Ears): void {
  wish.begins += 1;
  if (wish.begins > 1 + wish.retries) fail(`S6: ${wish.hook} of ${wish.event} began ${wish.begins} times`);
  if (wish.begins > 1) saw(sometimes, "hook tried again");
  const told = later.find(({ begins }) => begins > 0);
  if (told !== undefined) fail(`S6: ${wish.event} is told after ${told.event}`);
}

function isOver(wish: Wish, outcome: HookOutcome, later: readonly Wish[], { fail, sometimes }: Ears): void {
  wish.final = outcome;
  if (outcome === "timed_out") saw(sometimes, "hook killed at its deadline");
  if (outcome !== "superseded") return;
  saw(sometimes, "hook superseded");
  if (wish.order !== "latest" || !later.some(({ transition }) => transition))
    fail(`S6: ${wish.hook} of ${wish.event} was superseded by nothing`);
}

function wrongWhenQuiet(
  { wishes, unheard }: { readonly wishes: readonly Wish[]; readonly unheard: ReadonlyMap<string, number> },
  { running, idle }: Floor,
  now: Instant,
  stateOf: (queue: string) => string | null,
): readonly string[] {
  return [...new Set(wishes.map(({ queue }) => queue))].flatMap((queue) => {
    const own = wishes.filter((wish) => wish.queue === queue);
    const open = own.filter(({ final }) => final === null);
    const forgotten = !running.has(queue) && now - (idle.get(queue) ?? 0) > QUIET;
    if (open.length > 0) return forgotten ? [`${open[0]?.event} of ${queue} was forgotten`] : [];
    const heard = new Set(wishes.slice(unheard.get(queue) ?? 0));
    const last = own.findLast((wish) => heard.has(wish) && wish.begins > 0 && wish.transition);
    const is = stateOf(queue);
    return is === null || last === undefined || last.state === is
      ? []
      : [`${queue} was told ${last.state}, and is ${is}`];
  });
}

/** Starts programs; each ends by itself, or when it is told to, or with the daemon. */
const programs =
  ({ kernel, random, fail }: Around, { running, idle }: Floor, isDead: () => boolean) =>
  (deed: Deed, ended: (ending: Ending) => void): Running => {
    const { HEIRD_KIND = "", HEIRD_NAME = "", HEIRD_EVENT = "" } = deed.type === "script" ? deed.program.variables : {};
    const queue = `${HEIRD_KIND} ${HEIRD_NAME}`;
    const beside = running.get(queue);
    if (beside !== undefined) fail(`S6: ${HEIRD_EVENT} of ${queue} runs beside ${beside}`);
    running.set(queue, HEIRD_EVENT);
    let over = false;
    const end = (ok: boolean, detail: string): void => {
      if (over || isDead()) return;
      over = true;
      running.delete(queue);
      idle.set(queue, kernel.now());
      ended({ ok, detail, output: "" });
    };
    const fate = random.below(100);
    const runs = fate < 6 ? null : random.pick([0, 5, 30, 30, 200, 1_500]);
    const code = fate < 20 ? 1 : 0;
    if (runs !== null) kernel.afterwards(milliseconds(runs), () => end(code === 0, `exit ${code}`));
    const stubborn = random.happens(300);
    return {
      supersede: () => {},
      stop: () => {
        if (!stubborn) kernel.later(() => end(false, "SIGTERM"));
      },
      kill: () => kernel.later(() => end(false, "SIGKILL")),
    };
  };

function callOffable(kernel: FakeKernel, span: Duration, act: () => void): () => void {
  let off = false;
  kernel.afterwards(span, () => off || act());
  return () => {
    off = true;
  };
}
