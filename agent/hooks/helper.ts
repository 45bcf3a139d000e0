// The other side of aside.ts: a process that runs what it is asked to, tells how it went, and ends with
// the daemon, taking with it what it has started.

import { writeFileSync } from "node:fs";
import type { Answer, Deed, Order } from "./deed.ts";
import { mail } from "./mail.ts";
import { runProgram } from "./program.ts";
import type { Ending, Running } from "./queue.ts";
import { post } from "./webhook.ts";

/** How long what runs has, when the daemon is gone, in ms. */
const LAST_CHANCE = 500;

type Group = (group: number | null) => void;

function begin(deed: Deed, ended: (ending: Ending) => void, group: Group): Running {
  switch (deed.type) {
    case "script":
      return runProgram(deed.program, ended, group);
    case "webhook":
      return post(deed, ended);
    case "mail":
      return mail(deed, ended);
  }
}

/** Serves until the daemon is gone. */
export function serve(): void {
  const running = new Map<number, Running>();
  const answer = (told: Answer): void => void process.send?.(told, undefined, undefined, () => undefined);
  const run = (id: number, deed: Deed): void => {
    const ended = (ending: Ending): void => {
      running.delete(id);
      answer({ type: "ended", id, ending });
    };
    try {
      running.set(
        id,
        begin(deed, ended, (group) => answer({ type: "group", id, group })),
      );
    } catch (cause) {
      ended({ ok: false, detail: cause instanceof Error ? cause.message : String(cause), output: "" });
    }
  };
  process.on("message", (order: Order) => {
    if (order.type === "ping") answer({ type: "listens" });
    else if (order.type === "run") run(order.id, order.deed);
    else running.get(order.id)?.[order.type]();
  });
  // Signals are for the daemon, which tells us what to do about them.
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);
  process.on("disconnect", () => {
    for (const one of running.values()) one.stop();
    const leave = (): void => {
      for (const one of running.values()) one.kill();
      process.exit(0);
    };
    if (running.size === 0) leave();
    setTimeout(leave, LAST_CHANCE);
    setInterval(() => running.size === 0 && leave(), 10);
  });
  beOrdinary();
}

/** The kernel may end a hook sooner than the daemon. */
function beOrdinary(): void {
  try {
    writeFileSync("/proc/self/oom_score_adj", "0");
  } catch {
    // Not ours to change; then it is as the daemon's.
  }
}
