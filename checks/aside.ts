// Checks that are asked in a process of their own. To start a program stops a process for one to
// fifteen milliseconds, a regular expression may stop it for a hundred, and a page is parsed as long as
// it takes; an advertisement waits for none of it there. That process ends with the daemon, however
// that ends, and ends what it has started.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CheckConfig } from "../agent/core/check.ts";
import { type Order, serve, type Told } from "./helper.ts";

/** One run of a check. */
export type Answered = Extract<Told, { readonly type: "run" }>;

/** Somebody who asks elsewhere. */
export type Asker = {
  /** All checks that are asked from now on; none ends the process. */
  readonly ask: (checks: readonly CheckConfig[]) => void;
  readonly touched: (pids: readonly number[] | null) => void;
  readonly close: () => void;
};

const ROLE = "--heird-asks-checks";
/** Whether it still listens is asked so often, in ms, and so many times in vain: longer while it is being loaded. */
const LISTENING = 1_000;
const UNANSWERED = { loading: 60, loaded: 5 } as const;
/** A process that died is started again after this long, in ms. */
const PAUSE = 1_000;
const MEMORY_MIB = 256;

/** What it has started, when it is gone: nobody else would end it. */
function endAll(groups: Set<number>): void {
  for (const group of groups)
    try {
      process.kill(-group, "SIGKILL");
    } catch {
      // Nobody left, or another user's, which a daemon without privileges may not end.
    }
  groups.clear();
}

const another = (): ChildProcess =>
  fork(fileURLToPath(import.meta.url), [ROLE], {
    execArgv: [`--max-old-space-size=${MEMORY_MIB}`],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    cwd: "/",
  });

const endOf = (code: number | null, name: string | null): string => (code === null ? String(name) : `exit ${code}`);

export function openAsker(told: (told: Answered) => void, trouble: (sentence: string) => void): Asker {
  let wanted: readonly CheckConfig[] = [];
  let child: ChildProcess | null = null;
  let pause: NodeJS.Timeout | null = null;
  let closed = false;
  const groups = new Set<number>();
  let deafFor = 0;
  let patience: number = UNANSWERED.loading;

  const say = (order: Order): void => {
    // Whoever is gone is told by its end.
    if (child?.connected === true) child.send(order, () => {});
  };
  const start = (): void => {
    pause = null;
    if (closed || wanted.length === 0) return;
    const begun = another();
    child = begun;
    deafFor = 0;
    patience = UNANSWERED.loading;
    begun.on("message", (message) => {
      if (child !== begun) return;
      deafFor = 0;
      patience = UNANSWERED.loaded;
      const said = message as Told;
      if (said.type === "run") told(said);
      else if (said.type === "group") groups[said.over ? "delete" : "add"](said.group);
    });
    const lost = (why: string): void => {
      if (child !== begun) return;
      child = null;
      endAll(groups);
      if (closed || wanted.length === 0) return;
      trouble(`the process that asks the checks ended (${why}); it is started again`);
      pause = setTimeout(start, PAUSE);
    };
    begun.on("error", (error) => lost(error.message));
    begun.on("exit", (code, name) => lost(deafFor > patience ? "it hung, and was killed" : endOf(code, name)));
    say({ type: "ask", checks: wanted });
  };
  // Pings are counted and not timed: a daemon that was frozen itself has asked only once since.
  const watchdog = setInterval(() => {
    if (child === null) return;
    deafFor += 1;
    if (deafFor > patience) child.kill("SIGKILL");
    else say({ type: "ping" });
  }, LISTENING);
  watchdog.unref();
  const end = (): void => {
    const ending = child;
    child = null;
    groups.clear();
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
      clearInterval(watchdog);
      if (pause !== null) clearTimeout(pause);
      end();
    },
  };
}

if (process.argv[2] === ROLE && process.send !== undefined) serve();
