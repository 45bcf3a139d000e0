// The other side of aside.ts: a process that asks, tells, and ends with the daemon.

import { setTimeout as sleep } from "node:timers/promises";
import type { Subscription } from "rxjs";
import type { CheckConfig, Run } from "../agent/core/check.ts";
import { type Instant, instantAt } from "../agent/core/time.ts";
import { createProcessTable } from "./process.ts";
import { attendGroups } from "./program.ts";
import { endRemains, ownMark } from "./remains.ts";
import { createTurns } from "./turns.ts";
import { type Means, watch } from "./watch.ts";

/** What the daemon says. */
export type Order =
  /** All checks that are asked from now on. */
  | { readonly type: "ask"; readonly checks: readonly CheckConfig[] }
  /** Processes that have begun, changed or ended; null: there were too many to name. */
  | { readonly type: "touched"; readonly pids: readonly number[] | null }
  /** Whether anybody is there. */
  | { readonly type: "ping" };

/** What it is told. */
export type Told =
  | { readonly type: "run"; readonly name: string; readonly run: Run }
  /** A program began a process group of its own, or is over with all that was in it. */
  | { readonly type: "group"; readonly group: number; readonly over: boolean }
  /** The answer to a ping. */
  | { readonly type: "alive" };

/** Where the program was replaced under a living daemon, who asks may be of another release, and tell other things. */
export function isTold(said: unknown): said is Told {
  const { type, name, run, group, over }: Readonly<Record<string, unknown>> = Object(said);
  if (type === "run")
    return typeof name === "string" && [Object(run).started, Object(run).took].every((one) => typeof one === "number");
  return type === "alive" || (type === "group" && typeof group === "number" && typeof over === "boolean");
}

/** The clock of the daemon: CLOCK_MONOTONIC, in microseconds. */
export const monotonic = (): Instant => instantAt(Number(process.hrtime.bigint() / 1_000n));

const FAR = { ok: false, errno: 95, error: "this is not asked here" } as const;

/** The means of a process that has no kernel port. */
export const means = (): Means => ({
  now: monotonic,
  random: Math.random,
  turns: createTurns(),
  processes: createProcessTable(),
  port: { sendEcho: () => FAR, askNeighbour: () => FAR, watchRoutes: () => () => {} },
});

/** How long what still runs has to end when the daemon is gone, in ms: SIGTERM, and SIGKILL after 2 s. */
const LAST = 2_100;

/** Serves the process that started this one. */
export function serve(): void {
  // A terminal's Ctrl-C and systemd's SIGTERM reach everybody; the daemon ends in order, and this one after it.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});
  const running = new Map<string, { readonly check: string; readonly asking: Subscription }>();
  const given = means();
  // Without somebody to call, an end of the daemon that is not noticed yet would be an error that ends this process
  // before what it has started.
  const tell = (told: Told): void => void process.send?.(told, undefined, undefined, () => {});
  const groups = new Set<number>();
  attendGroups((group, over) => {
    groups[over ? "delete" : "add"](group);
    tell({ type: "group", group, over });
  });
  const ask = (checks: readonly CheckConfig[]): void => {
    const wanted = new Map(checks.map((check) => [check.name, check]));
    for (const [name, { check, asking }] of [...running]) {
      const now = wanted.get(name);
      if (now !== undefined && JSON.stringify(now) === check) continue;
      running.delete(name);
      asking.unsubscribe();
    }
    for (const check of checks) {
      if (running.has(check.name)) continue;
      const asking = watch(check, given).subscribe((run) => tell({ type: "run", name: check.name, run }));
      running.set(check.name, { check: JSON.stringify(check), asking });
    }
  };
  process.on("message", (order: Order) => {
    switch (order.type) {
      case "ask":
        return ask(order.checks);
      case "touched":
        return given.processes.touch(order.pids);
      case "ping":
        return tell({ type: "alive" });
    }
  });
  process.on("disconnect", () => {
    for (const { asking } of running.values()) asking.unsubscribe();
    void endOfPrograms(groups).then(() => process.exit(0));
  });
}

/** Settles when nothing is left of what this process has started. */
async function endOfPrograms(groups: ReadonlySet<number>): Promise<void> {
  for (const until = monotonic() + LAST * 1_000; groups.size > 0 && monotonic() < until; ) await sleep(10);
  await endRemains(ownMark());
}
