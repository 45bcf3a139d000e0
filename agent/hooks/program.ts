// Runs one program: no shell, a process group of its own, the document on its standard input, and no
// descriptor but four. What it says is kept by its end.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fchownSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { openPipe } from "../linux/pipe.ts";
import { programAt, whoElseMayWrite } from "../users/trust.ts";
import type { Program } from "./deed.ts";
import { inherited } from "./document.ts";
import { type Ending, OUTPUT_BYTES, type Running } from "./queue.ts";
import { type Identity, identityOf, otherGroupsOf } from "./user.ts";

/** How long its last words are waited for when it is gone, in ms: a child of its own may hold the pipe for ever. */
const LAST_WORDS = 50;
/** What has not ended so long after SIGKILL, in ms, does not end. */
const UNENDED = 2_000;

const NOBODY: Running = { supersede: () => undefined, stop: () => undefined, kill: () => undefined };

/**
 * Starts a program; `ended` is called once, when the process is gone, could not be, or cannot be ended. `group` is told
 * its process group, and null when the process is gone.
 */
export function runProgram(
  program: Program,
  ended: (ending: Ending) => void,
  group: (group: number | null) => void = () => undefined,
): Running {
  const identity = identityOf(program.user, program.group);
  const refusal = typeof identity === "string" ? identity : refusalOf(program, identity);
  if (typeof identity === "string" || refusal !== null) {
    setImmediate(() => ended({ ok: false, detail: String(refusal), output: "" }));
    return NOBODY;
  }
  const [input, output, signal] = [openPipe(), openPipe(), openPipe()];
  const theirs = [input.read, output.write, output.write, signal.read];
  const child = withMask(program.umask, () => begin(program, identity, theirs));
  if (child.pid !== undefined) group(child.pid);
  child.once("exit", () => group(null));
  for (const fd of new Set(theirs)) closeSync(fd);
  feed(input.write, program.input);
  return watched(child, tailOf(output.read), signal.write, ended);
}

function refusalOf({ argv, security }: Program, { uid }: Identity): string | null {
  if (!security || uid !== 0) return null;
  const search = process.env["PATH"]?.split(":") ?? [];
  const place = whoElseMayWrite(programAt(argv[0] ?? "", search));
  return place === null ? null : `enable_script_security: root would run it, and others may change ${place}`;
}

function begin({ argv, supplementaryGroups, variables }: Program, who: Identity, stdio: number[]): ChildProcess {
  const [file = "", ...args] = argv;
  const { uid, gid } = who;
  const ourselves = uid === process.getuid?.() && gid === process.getgid?.();
  if (!ourselves) for (const fd of new Set(stdio)) give(fd, uid, gid);
  const common = {
    stdio,
    env: { ...inherited(process.env), ...variables },
    // A session and a group of its own: a signal to the group reaches what it has started.
    detached: true,
  };
  if (!supplementaryGroups || ourselves) return spawn(file, args, { ...common, ...(ourselves ? {} : { uid, gid }) });
  // Node would take all other groups away. setpriv becomes that program; it starts none.
  const groups = [gid, ...otherGroupsOf(who.name)].join(",");
  const become = ["--reuid", String(uid), "--regid", String(gid), "--groups", groups, "--"];
  return spawn("setpriv", [...become, file, ...args], common);
}

/** What is begun has this umask; we keep ours, also where nothing can be begun. */
function withMask<T>(umask: number, act: () => T): T {
  const ours = process.umask(umask);
  try {
    return act();
  } finally {
    process.umask(ours);
  }
}

/** Whoever opens /dev/stdout opens the pipe anew, by its owner's rights. */
function give(fd: number, uid: number, gid: number): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {
    // Then it can write to what it has, and not open it again.
  }
}

/** Nobody has to read it. */
function feed(fd: number, text: string): void {
  const pipe = new Socket({ fd, writable: true, readable: false });
  pipe.on("error", () => pipe.destroy());
  pipe.end(text);
}

type Tail = { readonly words: () => string; readonly closed: Promise<void> };

/** The end of what is said. The pipe is read as long as somebody has it open, or they would be ended by it. */
function tailOf(fd: number): Tail {
  const pipe = new Socket({ fd, readable: true, writable: false });
  pipe.unref();
  let tail: Buffer = Buffer.alloc(0);
  pipe.on("data", (chunk: Buffer) => {
    tail = Buffer.from(Buffer.concat([tail, chunk]).subarray(-OUTPUT_BYTES));
  });
  pipe.on("error", () => pipe.destroy());
  const closed = new Promise<void>((resolve) => pipe.once("close", () => resolve()));
  return { words: () => tail.toString("utf8"), closed };
}

function watched(child: ChildProcess, tail: Tail, signal: number, ended: (ending: Ending) => void): Running {
  let urged = false;
  let over = false;
  let open = true;
  const hush = (): void => {
    if (open) closeSync(signal);
    open = false;
  };
  const urge = (name: NodeJS.Signals): string | null => {
    urged = true;
    return signalGroup(child.pid, name);
  };
  const finish = (ok: boolean, detail: string): void => {
    if (over) return;
    over = true;
    hush();
    // What it left in its group is nobody's when it was told to end; else it goes on, as with Keepalived.
    if (urged) signalGroup(child.pid, "SIGKILL");
    const wait = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS));
    void Promise.race([tail.closed, wait]).then(() => ended({ ok, detail, output: tail.words() }));
  };
  child.once("error", (error) => {
    if (child.pid === undefined) finish(false, sentence(error));
  });
  child.once("exit", (code, name) => finish(code === 0, code === null ? String(name) : `exit ${code}`));
  return {
    supersede: () => {
      try {
        if (open) writeSync(signal, "superseded\n");
      } catch {
        // It has ended, and we have not heard of it yet.
      }
      hush();
    },
    stop: () => void urge("SIGTERM"),
    kill: () => {
      const refused = urge("SIGKILL");
      // Whoever waits behind it must not wait for ever.
      setTimeout(() => finish(false, refused ?? HANGS), UNENDED).unref();
    },
  };
}

const HANGS = "SIGKILL does not end it: it hangs in the kernel";

/** Signals everybody in a group; a sentence when that is not ours to do. */
export function signalGroup(group: number | undefined, name: NodeJS.Signals): string | null {
  if (group === undefined) return null;
  try {
    process.kill(-group, name);
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EPERM")
      return "EPERM: it runs on, because the daemon may not end what runs as another user (CAP_KILL: deploy/README.md)";
    // Nobody left.
  }
  return null;
}

function sentence(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "ENOENT: it does not exist";
  if (code === "EACCES") return "EACCES: it may not be executed";
  if (code === "EPERM") return "EPERM: the daemon may not become the user that this runs as (see deploy/README.md)";
  return error.message;
}
