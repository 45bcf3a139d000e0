// The log is shipped by a process of its own: to parse it again, to wait for a Redis and to speak TLS
// takes milliseconds at a time, and no advertisement waits for any of it there. The daemon says where
// to, and once in a while which line is its last; it never asks.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Order, Told } from "../audit/helper.ts";
import type { ShipperStatus } from "../audit/shipper.ts";
import type { AuditConfig } from "../core/config.ts";
import type { Journal } from "../operate/journal.ts";

export type Auditor = {
  /** Where the log goes from now on; null for nowhere. */
  readonly ship: (audit: AuditConfig | null) => void;
  /** Null when nothing is shipped, or nothing is known of it yet. */
  readonly status: () => ShipperStatus | null;
  /** The number of the first line that the Redis has not; null when nothing is shipped. */
  readonly unshipped: () => number | null;
  /** Waits until everything is shipped, where that is a matter of moments. */
  readonly close: (patience: number) => Promise<void>;
};

const ROLE = "--heird-ships-the-log";
/** Where the program was replaced under a living daemon, the next process may be of another release, and say other things. */
const LEVELS: ReadonlySet<string> = new Set(["info", "warn", "error"]);
/** A process that died is started again after this long, in ms. */
const PAUSE = 5_000;
const PULSE = 5_000;
const LOOK_EVERY = 20;
const MEMORY_MIB = 512;

export function openAuditor(directory: string, head: () => number, journal: Journal): Auditor {
  let wanted: AuditConfig | null = null;
  let child: ChildProcess | null = null;
  let pause: NodeJS.Timeout | null = null;
  let status: ShipperStatus | null = null;
  let closed = false;
  /** The last line that is known to be there, also while nobody ships. */
  let reached = -1;

  const say = (order: Order): void => {
    if (child?.connected === true) child.send(order, () => undefined);
  };
  const pulse = (): void => say({ type: "pulse", head: head(), wall: Date.now() });
  const start = (): void => {
    pause = null;
    if (closed || wanted === null) return;
    const begun = forked(journal);
    if (begun === null) {
      pause = setTimeout(start, PAUSE).unref();
      return;
    }
    child = begun;
    begun.on("message", (told: Told) => {
      if (told.type === "status") {
        status = told.status;
        if (status.stream !== null) reached = status.shipped;
      } else if (LEVELS.has(told.level)) journal[told.level](told.sentence);
    });
    const lost = (why: string): void => {
      if (child !== begun) return;
      child = null;
      status = null;
      if (closed || wanted === null) return;
      journal.warn(`the process that ships the log ended (${why}); it is started again`);
      pause = setTimeout(start, PAUSE).unref();
    };
    begun.on("error", (error) => lost(error.message));
    begun.on("exit", (code, name) => lost(code === null ? String(name) : `exit ${code}`));
    say({ type: "ship", audit: wanted, directory });
    pulse();
  };
  const end = (): void => {
    const ending = child;
    child = null;
    status = null;
    if (ending?.connected === true) ending.disconnect();
  };
  const beat = setInterval(pulse, PULSE);
  beat.unref();
  return {
    ship: (audit) => {
      if (JSON.stringify(audit) === JSON.stringify(wanted)) return;
      wanted = audit;
      if (audit === null) end();
      else if (child !== null) say({ type: "ship", audit, directory });
      else if (pause === null) start();
    },
    status: () => status,
    unshipped: () => (wanted === null ? null : reached + 1),
    close: async (patience) => {
      // Whoever is not connected now will ship it when the next daemon begins.
      await whileHolds(patience, () => status?.connected === true && status.shipped < head(), pulse);
      closed = true;
      clearInterval(beat);
      if (pause !== null) clearTimeout(pause);
      end();
    },
  };
}

/** Null where a machine has nothing left to start a process with: that ends no daemon. */
function forked(journal: Pick<Journal, "warn">): ChildProcess | null {
  try {
    const begun = fork(fileURLToPath(import.meta.url), [ROLE], {
      execArgv: [`--max-old-space-size=${MEMORY_MIB}`],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Ctrl-C at a terminal is the daemon's to answer.
      detached: true,
    });
    // The daemon does not go on for its sake.
    begun.unref();
    begun.channel?.unref();
    return begun;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    journal.warn(`the process that ships the log cannot be started (${why}); it is tried again`);
    return null;
  }
}

/** Looks again and again for so many ms; the pulse is answered with the status. */
async function whileHolds(patience: number, holds: () => boolean, pulse: () => void): Promise<void> {
  for (let left = patience; left > 0 && holds(); left -= LOOK_EVERY) {
    pulse();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

/** What is loaded here, the daemon does not need. */
async function serveHere(): Promise<void> {
  const { serve } = await import("../audit/helper.ts");
  const { kernelClock } = await import("../linux/adjtime.ts");
  const { now } = await import("../linux/clock.ts");
  const { wallClock } = await import("../linux/ffi.ts");
  const { bootId } = await import("./leftovers.ts");
  serve({ wall: () => wallClock() / 1_000, now: () => now() / 1_000, boot: bootId(), kernelClock });
}

if (process.argv[2] === ROLE && process.send !== undefined) void serveHere();
