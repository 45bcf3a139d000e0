// Tells people's programs what happened. Each instance and group has a queue of its own, each URL and
// the mail one, and a process beside the daemon runs them: nothing at all waits for a hook.

import { Observable, type Subscriber } from "rxjs";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import { type Delivery, deliveriesOf, eventIdOf, preparation } from "../core/deliveries.ts";
import type { Notice } from "../core/effect.ts";
import type { Observation } from "../core/event.ts";
import { statesOf } from "../core/notice.ts";
import type { Turn } from "../core/state.ts";
import { type Duration, instantAt } from "../core/time.ts";
import type { Doer } from "../hooks/aside.ts";
import { type Desk, type DeskStatus, openDesk } from "../hooks/desk.ts";
import { addressesFirst } from "../hooks/order.ts";
import { openPipes, type Pipes } from "../hooks/pipes.ts";
import type { Clock } from "../hooks/queue.ts";
import type { Driver } from "../run.ts";
import type { Preparer } from "./prepare.ts";

/** Something a dead daemon has not finished: agent/log/errands.ts. */
export type Unfinished = {
  readonly event: string;
  readonly hook: string;
  readonly attempts: number;
  /** How many daemons have died while it ran. */
  readonly deaths: number;
  readonly time: number;
  readonly notice: Notice;
};

export type NotifyOptions = {
  readonly clock: Clock;
  /** In ms since 1970. */
  readonly wall: () => number;
  /** What makes our events differ from those of other logs and boots. */
  readonly life: string;
  readonly doer: Doer;
  readonly unfinished: readonly Unfinished[];
};

export type HookStatus = DeskStatus & { readonly fifoMissed: number };

export type Notifier = {
  readonly drive: Driver;
  readonly preparer: Preparer;
  readonly status: () => HookStatus;
  /** Waits for what is not over, at most `patience` ms; then ends it, and says so. */
  readonly close: (patience: number) => Promise<void>;
};

/** A hook over which so many daemons have died is not run by the next one. */
const MOST_DEATHS = 3;
/** How long what was told to end may take, in ms, and between looks. */
const END_WITHIN = 400;
const LOOK_EVERY = 5;

type Tell = (seen: Observation) => void;
type Tools = NotifyOptions & { readonly desk: Desk; readonly pipes: Pipes; readonly tell: Tell };

export function notify(options: NotifyOptions): Notifier {
  const { clock, wall, life, doer } = options;
  let subscriber: Subscriber<Observation> | null = null;
  let config: AgentConfig | null = null;
  const tell: Tell = (seen) => subscriber?.next(seen);
  const desk = openDesk(clock, doer, tell);
  const pipes = openPipes(doer, clock, (missed) => tell({ type: "fifoMissed", ...missed }));
  const tools = { ...options, desk, pipes, tell };

  const wish = (notice: Notice) => ({
    event: eventIdOf(life, notice),
    time: wall(),
    happened: notice.at,
    attempt: 1,
  });
  const deliver = (notice: Notice): void => {
    if (config === null) return;
    pipes.write(notice);
    for (const delivery of deliveriesOf(notice, config.notify)) desk.take(notice, delivery, wish(notice), config);
  };
  let begun = false;
  const configure = ({ state, event }: Turn): void => {
    if (state.config === config || event.seen.type !== "configured") return;
    config = state.config;
    pipes.configure(config.notify);
    if (needsDoer(config)) doer.prepare();
    if (!begun) resume(tools, config);
    begun = true;
  };
  const order = addressesFirst(deliver);

  return {
    drive: (turns$) =>
      new Observable<Observation>((told) => {
        subscriber = told;
        return turns$.subscribe((turn) => {
          configure(turn);
          order(turn);
          retell(turn, pipes);
        });
      }),
    preparer: (notice, ready) => {
      const delivery = preparation(notice);
      const now = config;
      if (delivery === null || now === null) return ready();
      const wanted = wish(notice);
      waitFor(tools, notice, delivery, ready, {
        take: (over) => desk.take(notice, delivery, wanted, now, over),
        tooLate: (why) => desk.withdraw(notice, delivery, wanted.event, why),
      });
    },
    status: () => ({ ...desk.status(), fifoMissed: pipes.missed() }),
    close: async (patience) => {
      const left = await until(() => !desk.busy() && pipes.areRead(), patience);
      desk.giveUp();
      pipes.hangUp();
      // Who reads a pipe has read the last word of us, and does now what is to be done about it.
      await until(() => !desk.busy() && pipes.areLeft(), Math.max(END_WITHIN, left));
      pipes.close();
    },
  };
}

/** What a dead daemon left comes before everything of ours. */
function resume({ unfinished, life, desk, tell }: Tools, config: AgentConfig): void {
  for (const one of unfinished) {
    const { notice, hook, event, time, attempts } = one;
    const delivery = deliveriesOf(notice, config.notify).find((other) => other.hook === hook);
    const why = whyNot(one, delivery, life);
    if (delivery !== undefined && why === null)
      desk.take(notice, delivery, { event, time, happened: instantAt(0), attempt: attempts + 1 }, config);
    else tell(givenUp(event, hook, notice.router, attempts, why ?? ""));
  }
}

function whyNot({ event, deaths }: Unfinished, delivery: Delivery | undefined, life: string): string | null {
  if (delivery === undefined) return "nobody is to be told any more";
  if (deaths >= MOST_DEATHS) return `${deaths} daemons have died over it`;
  // What a script did to the machine is gone; who was to be told elsewhere still is.
  return delivery.type === "script" && !event.startsWith(`${life}/`) ? "the machine was started anew" : null;
}

const givenUp = (event: string, hook: string, router: RouterKey, attempt: number, detail: string): Observation => ({
  type: "hookEnded",
  event,
  hook,
  router,
  attempt,
  outcome: "given_up",
  final: true,
  detail,
  queued: 0 as Duration,
  took: 0 as Duration,
  output: "",
});

/** Calls `ready` once: when the hook is over, or when the addresses must not wait for it longer. */
function waitFor(
  { clock, tell }: Tools,
  notice: Notice,
  { hook }: Delivery,
  ready: () => void,
  { take, tooLate }: { readonly take: (over: () => void) => void; readonly tooLate: (why: string) => void },
): void {
  const { preDeadline } = notice.hooks.policy;
  if (preDeadline === 0) {
    take(() => undefined);
    ready();
    return;
  }
  let waits = true;
  const goOn = (): void => {
    if (waits) ready();
    waits = false;
  };
  const callOff = clock.after(preDeadline, () => {
    const error = `${hook} has not ended after ${preDeadline / 1e6} s; the addresses wait no longer`;
    tell({ type: "effectFailed", effect: "prepare", router: notice.router, error });
    goOn();
    // What should have come before the addresses does harm behind them; what runs has its own deadline.
    tooLate("the addresses wait no longer");
  });
  take(() => {
    callOff();
    goOn();
  });
}

/** fifo_write_vrrp_states_on_reload: where everybody is, groups first (lab: Keepalived 2.2.7). */
function retell({ event: { seen }, before, state }: Turn, pipes: Pipes): void {
  if (seen.type !== "configured" || !before.running || !state.config.notify.statesOnReload) return;
  for (const line of statesOf(state)) pipes.write(line);
}

const needsDoer = ({ routers, groups, notify: { fifos } }: AgentConfig): boolean =>
  fifos.some(({ script }) => script !== null) ||
  [...routers, ...groups].some(
    ({ hooks }) =>
      hooks.mail ||
      hooks.webhooks.length > 0 ||
      [hooks.preMaster, hooks.preBackup, ...Object.values(hooks.scripts)].some((script) => script !== null),
  );

/** Gives what is left of the patience. */
async function until(holds: () => boolean, patience: number): Promise<number> {
  let left = patience;
  for (; !holds() && left > 0; left -= LOOK_EVERY) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  return left;
}
