// All queues of a daemon: one for the programs of each instance and group, one for each URL it is told at,
// and one for its mail, so that none of them waits for another's.

import type { Delivery } from "../core/deliveries.ts";
import { isTransition } from "../core/deliveries.ts";
import type { Notice } from "../core/effect.ts";
import type { Instant } from "../core/time.ts";
import type { Doer } from "./aside.ts";
import { deedOf, lossesOf, outlives, policyOf, queueName, type What } from "./deeds.ts";
import { storyOf } from "./document.ts";
import { type Clock, createQueue, type HookQueue, type Told } from "./queue.ts";

export type Wish = {
  readonly event: string;
  /** When it happened, in ms since 1970, and on the clock of the fold. */
  readonly time: number;
  readonly happened: Instant;
  readonly attempt: number;
};

export type DeskStatus = {
  readonly waiting: number;
  readonly running: readonly string[];
  readonly done: number;
  readonly failed: number;
  readonly superseded: number;
  /** The last that did not go well, in a sentence. */
  readonly lastFailure: string | null;
};

export type Desk = {
  /** `over` is called once when nothing more will be done about it. */
  readonly take: (notice: Notice, delivery: Delivery, wish: Wish, around: Around, over?: () => void) => void;
  /** Gives up what has not begun, because it is too late for it. */
  readonly withdraw: (notice: Notice, delivery: Delivery, event: string, why: string) => void;
  readonly status: () => DeskStatus;
  readonly busy: () => boolean;
  /** Gives up what has not begun, and ends what runs. */
  readonly giveUp: () => void;
};

type Around = { readonly routerId: string; readonly notify: What["notify"] };

export function openDesk(clock: Clock, doer: Pick<Doer, "run">, tell: (told: Told) => void): Desk {
  const counts = { done: 0, failed: 0, superseded: 0 };
  let lastFailure: string | null = null;
  const queues = new Map<string, HookQueue<What>>();

  const count = ({ outcome, hook, router, detail }: Extract<Told, { type: "hookEnded" }>): void => {
    if (outcome === "done" || outcome === "superseded") counts[outcome] += 1;
    else {
      counts.failed += 1;
      lastFailure = `${router}: ${hook} ${outcome.replace("_", " ")}: ${detail}`;
    }
  };
  const report = (told: Told): void => {
    if (told.type === "hookEnded") count(told);
    tell(told);
  };
  const queueOf = (name: string): HookQueue<What> => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    const made = createQueue<What>((job, about, ended) => doer.run(deedOf(job, about), ended), clock, report);
    queues.set(name, made);
    return made;
  };

  return {
    take: (notice, delivery, { event, time, happened, attempt }, { routerId, notify }, over) =>
      queueOf(queueName(notice, delivery)).add({
        event,
        hook: delivery.hook,
        router: notice.router,
        what: { delivery, story: storyOf(notice, { event, time, routerId }), notify },
        policy: policyOf(notice, delivery, notify),
        outlives: outlives(delivery),
        losses: lossesOf(delivery),
        attempt,
        wished: clock.now(),
        happened,
        overtakes: isTransition(notice),
        ...(over === undefined ? {} : { over }),
      }),
    withdraw: (notice, delivery, event, why) =>
      queueOf(queueName(notice, delivery)).withdraw({ event, hook: delivery.hook }, why),
    status: () => ({
      waiting: [...queues.values()].reduce((sum, queue) => sum + queue.length(), 0),
      running: [...queues.values()].flatMap((queue) => {
        const job = queue.running();
        return job === null ? [] : [`${job.what.story.name}: ${job.hook}`];
      }),
      ...counts,
      lastFailure,
    }),
    busy: () => [...queues.values()].some((queue) => queue.length() > 0),
    giveUp: () => {
      for (const queue of queues.values()) queue.giveUp();
    },
  };
}
