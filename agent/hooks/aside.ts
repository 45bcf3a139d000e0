// Hooks are run in a process of their own. To start a program stops a process for one to fifteen
// milliseconds, a name may take seconds to look up, and a mail server minutes to answer; no
// advertisement waits for any of it there.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Deed, Order } from "./deed.ts";
import { serve } from "./helper.ts";
import type { Ending, Running } from "./queue.ts";

export type Doer = {
  /** Starts the process before it is needed. */
  readonly prepare: () => void;
  readonly run: (deed: Deed, ended: (ending: Ending) => void) => Running;
  readonly close: () => void;
};

const ROLE = "--heird-runs-hooks";
const MEMORY_MIB = 256;

export function openDoer(): Doer {
  const waiting = new Map<number, (ending: Ending) => void>();
  let child: ChildProcess | null = null;
  let ids = 0;

  const lose = (which: ChildProcess, why: string): void => {
    if (child !== which) return;
    child = null;
    const lost = [...waiting.values()];
    waiting.clear();
    for (const ended of lost) ended({ ok: false, detail: `the process that runs hooks ended (${why})`, output: "" });
  };
  const start = (): ChildProcess => {
    const begun = fork(fileURLToPath(import.meta.url), [ROLE], {
      execArgv: [`--max-old-space-size=${MEMORY_MIB}`, "--max-semi-space-size=1"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      // Ctrl-C at a terminal is the daemon's to answer.
      detached: true,
    });
    begun.on("message", ({ id, ending }: Answer) => {
      const ended = waiting.get(id);
      waiting.delete(id);
      ended?.(ending);
    });
    begun.on("error", (error) => lose(begun, error.message));
    begun.on("exit", (code, name) => lose(begun, code === null ? String(name) : `exit ${code}`));
    // What it does keeps nobody alive.
    begun.unref();
    begun.channel?.unref();
    return begun;
  };
  const say = (order: Order): void => {
    child ??= start();
    child.send(order, () => undefined);
  };

  return {
    prepare: () => {
      child ??= start();
    },
    run: (deed, ended) => {
      const id = ids++;
      waiting.set(id, ended);
      say({ type: "run", id, deed });
      const tell = (type: "supersede" | "stop" | "kill") => (): void => {
        if (waiting.has(id)) say({ type, id });
      };
      return { supersede: tell("supersede"), stop: tell("stop"), kill: tell("kill") };
    },
    close: () => {
      if (child?.connected === true) child.disconnect();
      child = null;
    },
  };
}

if (process.argv[2] === ROLE && process.send !== undefined) serve();
