// Hooks are run in a process of their own. To start a program stops a process for one to fifteen
// milliseconds, a name may take seconds to look up, and a mail server minutes to answer; no
// advertisement waits for any of it there.

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Answer, type Deed, isAnswer, type Order } from "./deed.ts";
import { serve } from "./helper.ts";
import { signalGroup } from "./program.ts";
import type { Ending, Running } from "./queue.ts";

export type Doer = {
  /** Starts the process before it is needed. */
  readonly prepare: () => void;
  readonly run: (deed: Deed, ended: (ending: Ending) => void) => Running;
  readonly close: () => void;
};

const ROLE = "--heird-runs-hooks";
const MEMORY_MIB = 256;
/** Whether it still listens is asked so often, in ms, while it has something to do; and so many times in vain. */
const LISTENING = 1_000;
const UNANSWERED = { loading: 60, loaded: 20 } as const;

/** What is being done, and the process group of its program. */
type Task = { readonly ended: (ending: Ending) => void; group: number | null };

type Desk = {
  readonly waiting: Map<number, Task>;
  child: ChildProcess | null;
  /** How often the child was asked in vain whether it listens, and how often it may be. */
  unanswered: number;
  patience: number;
  pulse: NodeJS.Timeout | null;
};

export function openDoer(): Doer {
  const desk: Desk = { waiting: new Map(), child: null, unanswered: 0, patience: UNANSWERED.loading, pulse: null };
  let ids = 0;
  return {
    prepare: () => void attempt(() => (desk.child ??= start(desk))),
    run: (deed, ended) => {
      const id = ids++;
      desk.waiting.set(id, { ended, group: null });
      const trouble = attempt(() => say(desk, { type: "run", id, deed }));
      if (trouble !== null) {
        desk.waiting.delete(id);
        setImmediate(() => ended(lostBy(`cannot be started (${trouble})`)));
      }
      desk.pulse ??= setInterval(() => ask(desk), LISTENING).unref();
      const tell = (type: "supersede" | "stop" | "kill") => (): void => {
        if (desk.waiting.has(id)) say(desk, { type, id });
      };
      return { supersede: tell("supersede"), stop: tell("stop"), kill: tell("kill") };
    },
    close: () => {
      if (desk.child?.connected === true) desk.child.disconnect();
      desk.child = null;
    },
  };
}

function start(desk: Desk): ChildProcess {
  const begun = forked();
  desk.unanswered = 0;
  desk.patience = UNANSWERED.loading;
  begun.on("message", (said) => {
    if (isAnswer(said)) hear(desk, begun, said);
    else {
      begun.kill("SIGKILL");
      lose(desk, begun, "it is of another release; restart heird");
    }
  });
  begun.on("error", (error) => {
    if (begun.pid === undefined) lose(desk, begun, error.message);
  });
  begun.on("exit", (code, name) => lose(desk, begun, code === null ? String(name) : `exit ${code}`));
  return begun;
}

function say(desk: Desk, order: Order): void {
  desk.child ??= start(desk);
  // Where there was no descriptor for it there is no channel: its error is told in a moment.
  if (desk.child.connected) desk.child.send(order, () => undefined);
}

function hear(desk: Desk, from: ChildProcess, answer: Answer): void {
  // What it said last may be heard after its end.
  if (desk.child !== from) {
    if (answer.type === "group") endGroup(answer.group);
    return;
  }
  desk.unanswered = 0;
  desk.patience = UNANSWERED.loaded;
  if (answer.type === "listens") return;
  const task = desk.waiting.get(answer.id);
  if (answer.type === "group") {
    if (task !== undefined) task.group = answer.group;
    return;
  }
  desk.waiting.delete(answer.id);
  task?.ended(answer.ending);
}

function lose(desk: Desk, which: ChildProcess, why: string): void {
  if (desk.child !== which) return;
  desk.child = null;
  const lost = [...desk.waiting.values()];
  desk.waiting.clear();
  // What it has started must not run on beside what is run next; two readers of a pipe would take each other's lines.
  for (const { group } of lost) endGroup(group);
  for (const { ended } of lost) ended(lostBy(`ended (${why})`));
}

/** Counted and not timed: a daemon that was frozen itself has asked only once since. */
function ask(desk: Desk): void {
  const { child, waiting, pulse } = desk;
  if (child === null || waiting.size === 0) {
    if (pulse !== null) clearInterval(pulse);
    desk.pulse = null;
    return;
  }
  desk.unanswered += 1;
  if (desk.unanswered <= desk.patience) say(desk, { type: "ping" });
  else {
    child.kill("SIGKILL");
    lose(desk, child, "it hung, and was killed");
  }
}

const lostBy = (what: string): Ending => ({
  ok: false,
  detail: `the process that runs hooks ${what}`,
  output: "",
  lost: true,
});

function forked(): ChildProcess {
  const begun = fork(fileURLToPath(import.meta.url), [ROLE], {
    execArgv: [`--max-old-space-size=${MEMORY_MIB}`, "--max-semi-space-size=1"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // Ctrl-C at a terminal is the daemon's to answer.
    detached: true,
  });
  // What it does keeps nobody alive.
  begun.unref();
  begun.channel?.unref();
  return begun;
}

/** What went wrong, in a sentence: a machine without memory or descriptors must not end the daemon. */
function attempt(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

const endGroup = (group: number | null): void => void signalGroup(group ?? undefined, "SIGKILL");

if (process.argv[2] === ROLE && process.send !== undefined) serve();
