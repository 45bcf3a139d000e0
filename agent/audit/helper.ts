// The process that ships: it reads the log that the daemon writes, and the daemon waits for nothing of
// it. It ends with the daemon, when the last lines are shipped or soon after.

import { watch } from "node:fs";
import { constants, setPriority } from "node:os";
import { performance } from "node:perf_hooks";
import type { AuditConfig } from "../core/config.ts";
import { logKey } from "./keys.ts";
import { openOutbox } from "./outbox.ts";
import { connector, sessionOn } from "./redis.ts";
import { createShipper, type Shipper, type ShipperStatus, type Surroundings } from "./shipper.ts";

/** What the daemon says. */
export type Order =
  /** From now on, or nowhere. */
  | { readonly type: "ship"; readonly audit: AuditConfig | null; readonly directory: string }
  /** The number of its last line, and when that was still the last, in ms since 1970. */
  | { readonly type: "pulse"; readonly head: number; readonly wall: number };

/** What it is told. */
export type Told =
  | { readonly type: "status"; readonly status: ShipperStatus }
  | { readonly type: "tell"; readonly level: "info" | "warn" | "error"; readonly sentence: string };

/** How often the status is told when it has changed, in ms. */
const TELL_EVERY = 1_000;
/** How long what is not shipped yet has when the daemon is gone, in ms. */
const LAST_CHANCE = 3_000;
const LOOK_AT_END = 20;

/** What this process knows of time: ms since 1970, and what the kernel says of that. */
export type Clocks = Pick<Surroundings, "wall" | "now" | "boot" | "kernelClock">;

type Shipping = { readonly shipper: Shipper; readonly wake: () => void; readonly over: Promise<void> };

/** Serves until the daemon is gone. */
export function serve(clocks: Clocks): void {
  const answer = (told: Told): void => void process.send?.(told, undefined, undefined, () => undefined);
  let current: Shipping | null = null;
  let head = -1;
  let said = "";

  const ship = async (audit: AuditConfig | null, directory: string): Promise<void> => {
    const before = current;
    current = null;
    before?.shipper.stop();
    before?.wake();
    await before?.over;
    if (audit !== null) current = begin(audit, directory, clocks, answer);
  };
  const say = (): void => {
    if (current === null) return;
    const status = current.shipper.status();
    const text = JSON.stringify(status);
    if (text === said) return;
    said = text;
    answer({ type: "status", status });
  };
  let turn = Promise.resolve();
  process.on("message", (order: Order) => {
    if (order.type === "ship") turn = turn.then(() => ship(order.audit, order.directory));
    else {
      head = order.head;
      current?.shipper.pulse(order.head, order.wall);
      say();
    }
  });
  setInterval(say, TELL_EVERY);
  // Signals are for the daemon, which ends in order, and this process after it.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
  process.on("disconnect", () => void leave(() => current, head));
  beOrdinary();
}

function begin(audit: AuditConfig, directory: string, clocks: Clocks, answer: (told: Told) => void): Shipping {
  const { pause, wake, close } = news(directory);
  const { cluster, node } = audit;
  const connect = connector(audit, "heird-audit", logKey(cluster, { node, epoch: "none", fork: 0 }));
  const shipper = createShipper(audit, {
    outbox: openOutbox(directory),
    connect: async () => sessionOn(await connect()),
    ...clocks,
    random: Math.random,
    pause,
    tell: (level, sentence) => answer({ type: "tell", level, sentence }),
  });
  return { shipper, wake, over: shipper.run().finally(close) };
}

/** Waits for a while, or until something in a folder changes. */
function news(directory: string) {
  let waiting: { readonly until: "news" | "stop"; readonly done: () => void } | null = null;
  let missed = false;
  const told = (): void => {
    missed = true;
    if (waiting?.until === "news") waiting.done();
  };
  const watcher = watch(directory, told);
  // Without it the log is looked at once a second.
  watcher.on("error", () => undefined);
  return {
    wake: () => waiting?.done(),
    close: () => watcher.close(),
    pause: (ms: number, until: "news" | "stop"): Promise<void> =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          waiting = null;
          missed = false;
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting = { until, done };
        if (missed && until === "news") done();
      }),
  };
}

/** The last lines are shipped if that is quick; otherwise the next daemon does it. */
async function leave(current: () => Shipping | null, head: number): Promise<void> {
  const end = performance.now() + LAST_CHANCE;
  let quiet = 0;
  let last = -1;
  while (performance.now() < end) {
    const status = current()?.shipper.status();
    if (status === undefined || !status.connected) break;
    quiet = status.shipped === last && status.shipped >= head ? quiet + 1 : 0;
    last = status.shipped;
    if (quiet * LOOK_AT_END > 200) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AT_END));
  }
  process.exit(0);
}

/** Whatever else the machine has to do comes first, and the kernel may end this sooner than the daemon. */
function beOrdinary(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Then it is as any other.
  }
}
