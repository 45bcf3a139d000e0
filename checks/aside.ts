// Checks that are asked in a process of their own. To start a program stops a process for one to
// fifteen milliseconds, a regular expression may stop it for a hundred, and a page is parsed as long as
// it takes; an advertisement waits for none of it there. That process ends with the daemon, however
// that ends, and ends what it has started.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { CheckConfig } from "../agent/core/check.ts";
import { isTold, type Order, serve, type Told } from "./helper.ts";
import { endRemains, MARK, meanwhile } from "./remains.ts";

/** One run of a check. */
export type Answered = Extract<Told, { readonly type: "run" }>;

/** Somebody who asks elsewhere. */
export type Asker = {
  /** All checks that are asked from now on; none ends the process. */
  readonly ask: (checks: readonly CheckConfig[]) => void;
  readonly touched: (pids: readonly number[] | null) => void;
  /** Settles when that process, and everything that it has started, is gone. */
  readonly close: () => Promise<void>;
};

const ROLE = "--heird-asks-checks";
/** Whether it still listens is asked so often, in ms, and so many times in vain: longer while it is being loaded. */
const LISTENING = 1_000;
const UNANSWERED = { loading: 60, loaded: 5 } as const;
/** A process that died is started again after this long, in ms. */
const PAUSE = 1_000;
const MEMORY_MIB = 256;

/** How long a process that asks has to end what it has started, in ms; then both are killed. */
const LAST_CHANCE = 2_500;
/** The same when the daemon itself is waited for. */
const LAST_CHANCE_AT_STOP = 500;

/** A process group of a program, whose process that asks is gone. */
function endGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody left, or another user's, which a daemon without privileges may not end.
  }
}

const another = (mark: string): ChildProcess =>
  fork(fileURLToPath(import.meta.url), [ROLE], {
    execArgv: [`--max-old-space-size=${MEMORY_MIB}`, "--max-semi-space-size=1"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    cwd: "/",
    env: { ...process.env, [MARK]: mark },
  });

const endOf = (code: number | null, name: string | null): string => (code === null ? String(name) : `exit ${code}`);

/** A process that asks. */
type Employed = {
  readonly say: (order: Order) => void;
  readonly kill: () => void;
  /** It has so long to end, in ms; settles when it and everything that it has started is gone. */
  readonly dismiss: (lastChance: number) => Promise<void>;
};

function employ(mark: string, hear: (told: Told) => void, gone: (why: string) => void): Employed {
  const child = another(mark);
  const groups = new Set<number>();
  let over = false;
  let strange: string | null = null;
  const kill = (): void => void child.kill("SIGKILL");
  child.on("message", (said) => {
    if (!isTold(said)) {
      strange = "it is of another release; restart heird";
      kill();
      return;
    }
    // Whatever it says, it listens: who has begun a program is loaded, though its first answer may take long.
    hear(said);
    if (said.type !== "group") return;
    // What it said last may be heard after its end.
    if (over) endGroup(said.group);
    else groups[said.over ? "delete" : "add"](said.group);
  });
  const ended = new Promise<void>((resolve) => {
    const leave = (why: string): void => {
      if (over) return;
      over = true;
      for (const group of groups) endGroup(group);
      gone(why);
      void endRemains(mark, meanwhile).then(() => resolve());
    };
    child.on("error", (error) => {
      if (child.pid === undefined) leave(error.message);
    });
    child.on("exit", (code, name) => leave(strange ?? endOf(code, name)));
  });
  return {
    kill,
    // Whoever is gone is told by its end.
    say: (order) => child.connected && child.send(order, () => {}),
    dismiss: (lastChance) => {
      if (child.connected) child.disconnect();
      const impatience = setTimeout(kill, lastChance);
      return ended.finally(() => clearTimeout(impatience));
    },
  };
}

/** Null where a machine has nothing left to start a process with: that ends no daemon. */
function employedBy(employ: () => Employed, trouble: (sentence: string) => void): Employed | null {
  try {
    return employ();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    trouble(`the process that asks the checks cannot be started (${why}); it is tried again`);
    return null;
  }
}

/** `owner` begins the marks of everything that is started. */
export function openAsker(owner: string, told: (told: Answered) => void, trouble: (sentence: string) => void): Asker {
  let wanted: readonly CheckConfig[] = [];
  let current: Employed | null = null;
  let pause: NodeJS.Timeout | null = null;
  let closed = false;
  let count = 0;
  const employed = new Set<Employed>();
  let deafFor = 0;
  let patience: number = UNANSWERED.loading;

  const start = (): void => {
    pause = null;
    if (closed || wanted.length === 0) return;
    deafFor = 0;
    patience = UNANSWERED.loading;
    const hear = (said: Told): void => {
      if (current !== begun) return;
      deafFor = 0;
      patience = UNANSWERED.loaded;
      if (said.type === "run") told(said);
    };
    const gone = (why: string): void => {
      if (begun !== null) employed.delete(begun);
      if (current !== begun) return;
      current = null;
      trouble(
        `the process that asks the checks ended (${deafFor > patience ? "it hung, and was killed" : why}); it is started again`,
      );
      pause = setTimeout(start, PAUSE);
    };
    count += 1;
    const begun = employedBy(() => employ(`${owner}${process.pid}.${count}/`, hear, gone), trouble);
    if (begun === null) {
      pause = setTimeout(start, PAUSE);
      return;
    }
    current = begun;
    employed.add(begun);
    begun.say({ type: "ask", checks: wanted });
  };
  // Pings are counted and not timed: a daemon that was frozen itself has asked only once since.
  const watchdog = setInterval(() => {
    if (current === null) return;
    deafFor += 1;
    if (deafFor > patience) current.kill();
    else current.say({ type: "ping" });
  }, LISTENING);
  watchdog.unref();
  const dismiss = (): void => {
    void current?.dismiss(LAST_CHANCE);
    current = null;
  };
  return {
    ask: (checks) => {
      wanted = checks;
      if (checks.length === 0) dismiss();
      else if (current !== null) current.say({ type: "ask", checks });
      else if (pause === null) start();
    },
    touched: (pids) => current?.say({ type: "touched", pids }),
    close: async () => {
      closed = true;
      clearInterval(watchdog);
      if (pause !== null) clearTimeout(pause);
      current = null;
      await Promise.all([...employed].map((one) => one.dismiss(LAST_CHANCE_AT_STOP)));
    },
  };
}

if (process.argv[2] === ROLE && process.send !== undefined) serve();
