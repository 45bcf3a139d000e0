// Checks that are asked in a process of their own. To start a program stops a process for one to
// fifteen milliseconds, a regular expression may stop it for a hundred, and a page is parsed as long as
// it takes; an advertisement waits for none of it there. That process ends with the daemon, however
// that ends, and ends what it has started.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CheckConfig } from "../agent/core/check.ts";
import { type Order, serve, type Told } from "./helper.ts";

/** Somebody who asks elsewhere. */
export type Asker = {
  /** All checks that are asked from now on; none ends the process. */
  readonly ask: (checks: readonly CheckConfig[]) => void;
  readonly touched: (pids: readonly number[] | null) => void;
  readonly close: () => void;
};

const ROLE = "--heird-asks-checks";
/** A process that died is started again after this long, in ms. */
const PAUSE = 1_000;
const MEMORY_MIB = 256;

export function openAsker(told: (told: Told) => void, trouble: (sentence: string) => void): Asker {
  let wanted: readonly CheckConfig[] = [];
  let child: ChildProcess | null = null;
  let pause: NodeJS.Timeout | null = null;
  let closed = false;

  const say = (order: Order): void => {
    // Whoever is gone is told by its end.
    if (child?.connected === true) child.send(order, () => {});
  };
  const start = (): void => {
    pause = null;
    if (closed || wanted.length === 0) return;
    const begun = fork(fileURLToPath(import.meta.url), [ROLE], {
      execArgv: [`--max-old-space-size=${MEMORY_MIB}`],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      cwd: "/",
    });
    child = begun;
    begun.on("message", (message) => told(message as Told));
    const lost = (why: string): void => {
      if (child !== begun) return;
      child = null;
      if (closed || wanted.length === 0) return;
      trouble(`the process that asks the checks ended (${why}); it is started again`);
      pause = setTimeout(start, PAUSE);
    };
    begun.on("error", (error) => lost(error.message));
    begun.on("exit", (code, name) => lost(code === null ? String(name) : `exit ${code}`));
    say({ type: "ask", checks: wanted });
  };
  const end = (): void => {
    const ending = child;
    child = null;
    if (ending?.connected === true) ending.disconnect();
  };
  return {
    ask: (checks) => {
      wanted = checks;
      if (checks.length === 0) end();
      else if (child !== null) say({ type: "ask", checks });
      else if (pause === null) start();
    },
    touched: (pids) => say({ type: "touched", pids }),
    close: () => {
      closed = true;
      if (pause !== null) clearTimeout(pause);
      end();
    },
  };
}

if (process.argv[2] === ROLE && process.send !== undefined) serve();
