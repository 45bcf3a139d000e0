// A program, started as nobody's child: its own process group, no shell, no input, a clean
// environment, no descriptor of ours, and an end that reaches everything it has started.

import { type ChildProcess, spawn } from "node:child_process";
import { Observable } from "rxjs";
import type { Program } from "../agent/core/check.ts";
import { endRemainsSoon, MARK, ownMark } from "./remains.ts";
import { type Identity, identityOf } from "./user.ts";

/** How a program ended, and what it said. */
export type Ended = {
  /** The exit code, or the name of the signal. */
  readonly exit: number | string | null;
  readonly timedOut: boolean;
  /** Null, or why it did not even start or was ended by us. */
  readonly trouble: string | null;
  /** The end of everything it said. */
  readonly tail: string;
  /** The beginning of what it said on its standard output. */
  readonly head: string;
};

/** How much of the end of its output is kept. */
const TAIL = 1_024;
/** How much of its output may be a document. */
const HEAD = 65_536;
/** Whoever says more than this floods, and is ended. */
const FLOOD = 4 * 1_024 * 1_024;
/** Between SIGTERM and SIGKILL, in ms; as Keepalived. */
const LAST_CHANCE = 2_000;
/** How long the end of its output is waited for when the program itself is gone, in ms. */
const LAST_WORDS = 50;

export const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Who is told of process groups, so that they can be ended should this process be killed. */
let attendant: (group: number, over: boolean) => void = () => {};
export const attendGroups = (told: typeof attendant): void => {
  attendant = told;
};
const told = (group: number | undefined, over: boolean): void => {
  if (group !== undefined) attendant(group, over);
};

let runs = 0;
/** Of one run: no other has it. */
function newMark(): string {
  runs += 1;
  return `${ownMark()}${runs}/`;
}

/** Ends processes that are in a group, if there are any. */
function signal(group: number | undefined, name: NodeJS.Signals): void {
  if (group === undefined) return;
  try {
    process.kill(-group, name);
  } catch {
    // Nobody left.
  }
}

/**
 * Runs a program. Tells once how it went, at its end or at its timeout, and completes when the
 * process is gone; so a program that does not die is not started a second time.
 */
export const launch = ({ argv, user, group, umask }: Program, timeout: number): Observable<Ended> =>
  new Observable((subscriber) => {
    const identity = identityOf(user, group);
    if (typeof identity === "string") {
      subscriber.next({ exit: null, timedOut: false, trouble: identity, tail: "", head: "" });
      subscriber.complete();
      return;
    }
    const mark = newMark();
    const ours = process.umask(umask);
    const child = begin(argv, identity, mark);
    process.umask(ours);
    told(child.pid, false);
    const said = listen(child, () => finish("it said more than 4 MiB"));
    const timers: NodeJS.Timeout[] = [];
    let isTold = false;
    const tell = (ended: Pick<Ended, "exit" | "timedOut" | "trouble">): void => {
      if (isTold) return;
      isTold = true;
      subscriber.next({ ...ended, ...said.words() });
    };
    const end = (): void => {
      signal(child.pid, "SIGTERM");
      timers.push(setTimeout(() => signal(child.pid, "SIGKILL"), LAST_CHANCE));
      // What not even SIGKILL ends (a dead disk) is not waited for for ever.
      timers.push(setTimeout(() => subscriber.complete(), LAST_CHANCE + LAST_CHANCE));
    };
    const finish = (trouble: string | null): void => {
      if (isTold) return;
      tell({ exit: null, timedOut: trouble === null, trouble });
      end();
    };
    timers.push(setTimeout(() => finish(null), timeout));
    let over = false;
    const close = (ended: Pick<Ended, "exit" | "timedOut" | "trouble">): void => {
      over = true;
      // What it left in its group would be nobody's. What it has sent away for good is, like a service that it
      // has started, as long as it was not to be ended itself.
      bury(child, isTold ? mark : null);
      tell(ended);
      said.close();
      for (const timer of timers) clearTimeout(timer);
      subscriber.complete();
    };
    child.on("error", (error) => close({ exit: null, timedOut: false, trouble: sentence(error) }));
    child.on("exit", (code, name) => {
      const ended = { exit: code ?? name, timedOut: false, trouble: null };
      // Its last words may still be in the pipe; but a child of its own may hold that open for ever.
      timers.push(setTimeout(() => close(ended), LAST_WORDS));
      child.once("close", () => close(ended));
    });
    return () => {
      if (over) return;
      for (const timer of timers) clearTimeout(timer);
      signal(child.pid, "SIGTERM");
      const killer = setTimeout(() => signal(child.pid, "SIGKILL"), LAST_CHANCE);
      const gone = (): void => {
        clearTimeout(killer);
        bury(child, mark);
        said.close();
      };
      if (child.exitCode === null && child.signalCode === null) child.once("exit", gone);
      else gone();
    };
  });

function begin([file = "", ...args]: readonly string[], { environment, ...ids }: Identity, mark: string) {
  return spawn(file, args, {
    ...ids,
    env: { PATH, ...environment, [MARK]: mark },
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
    // A session and a group of its own: a signal to the group reaches what it has started.
    detached: true,
  });
}

/** Ends what it left: in its group, and beyond it what bears the mark. */
function bury({ pid }: ChildProcess, mark: string | null): void {
  signal(pid, "SIGKILL");
  if (mark !== null) endRemainsSoon(mark);
  told(pid, true);
}

function sentence(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "permission denied";
  if (code === "EPERM") return "the daemon may not become the user that this runs as";
  return error.message;
}

/** Keeps the beginning of its standard output and the end of everything. */
function listen({ stdout, stderr }: ChildProcess, flooded: () => void) {
  let tail: Buffer = Buffer.alloc(0);
  let total = 0;
  const head: Buffer[] = [];
  let headLength = 0;
  const hear = (chunk: Buffer): void => {
    total += chunk.length;
    const joined = chunk.length >= TAIL ? chunk : Buffer.concat([tail, chunk]);
    tail = Buffer.from(joined.subarray(-TAIL));
    if (total > FLOOD) {
      stdout?.pause();
      stderr?.pause();
      flooded();
    }
  };
  stdout?.on("data", (chunk: Buffer) => {
    if (headLength < HEAD) head.push(chunk.subarray(0, HEAD - headLength));
    headLength += chunk.length;
    hear(chunk);
  });
  stderr?.on("data", hear);
  for (const stream of [stdout, stderr]) stream?.on("error", () => {});
  return {
    words: (): Pick<Ended, "tail" | "head"> => ({
      tail: tail.toString("utf8"),
      head: Buffer.concat(head).toString("utf8"),
    }),
    close: (): void => {
      stdout?.destroy();
      stderr?.destroy();
    },
  };
}
