// Running other people's programs: no shell, everything they say kept, and never left behind.

import { type ChildProcess, execFile, spawn } from "node:child_process";

/** What a finished command left: never thrown away, because it is what explains a failed test. */
export type Finished = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type RunOptions = {
  readonly input?: string;
  /** Milliseconds until it is killed; 10 s unless told. */
  readonly timeout?: number;
};

/** Runs a command to its end, whatever that is; code 127 when it could not be started, 137 when it was killed. */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [file = "", ...args] = argv;
  return new Promise((resolve) => {
    const limits = { timeout: options.timeout ?? 10_000, killSignal: "SIGKILL", maxBuffer: 64 * 1024 * 1024 } as const;
    const child = execFile(file, args, limits, (error, stdout, stderr) => {
      if (error === null) return resolve({ code: 0, stdout, stderr });
      const code = typeof error.code === "number" ? error.code : error.code === undefined ? 137 : 127;
      return resolve({ code, stdout, stderr: stderr === "" ? error.message : stderr });
    });
    // A child that ends before it has read its input is not an error of ours.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a command and gives what it printed; rejects with its own words when it fails. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await attempt(argv, options);
  if (code !== 0) throw new Error(`${argv.join(" ")}: exit code ${code}\n${stderr}${stdout}`);
  return stdout;
}

/** How a process ended. */
export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A program that keeps running beside the test. */
export type Daemon = {
  readonly name: string;
  readonly pid: number;
  /** Everything it wrote so far, both streams in the order of arrival. */
  readonly output: () => string;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Hands on each piece of standard output as it comes. */
  readonly onStdout: (listener: (chunk: Buffer) => void) => void;
  readonly running: () => boolean;
  /** Settles when the process has ended and its streams are read. */
  readonly ended: Promise<Ended>;
  /** Signals the process itself. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Signals it and everything it has started and not detached: what a crash of the machine would end. */
  readonly signalAll: (signal: NodeJS.Signals) => void;
  /** SIGTERM, and SIGKILL for the whole group when `patience` (ms) is over; settles when it has ended. */
  readonly stop: (patience?: number) => Promise<Ended>;
};

export type StartOptions = {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** False keeps no standard output: for programs that write megabytes to a listener. */
  readonly keepStdout?: boolean;
};

/** Starts a program in a process group of its own; rejects when there is no such program. */
export async function start(name: string, argv: readonly string[], options: StartOptions = {}): Promise<Daemon> {
  const [file = "", ...args] = argv;
  const child = spawn(file, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => reject(new Error(`${name} could not be started: ${error.message}`)));
  });
  return watched(name, child, options.keepStdout ?? true);
}

function watched(name: string, child: ChildProcess, keepStdout: boolean): Daemon {
  const pid = child.pid ?? 0;
  let stdout = "";
  let stderr = "";
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    if (!keepStdout) return;
    stdout += chunk.toString();
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    output += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
  const running = () => child.exitCode === null && child.signalCode === null;
  const signal = (which: NodeJS.Signals) => {
    if (running()) child.kill(which);
  };
  const signalAll = (which: NodeJS.Signals) => signalGroup(pid, which);
  return {
    name,
    pid,
    output: () => output,
    stdout: () => stdout,
    stderr: () => stderr,
    onStdout: (listener) => child.stdout?.on("data", listener),
    running,
    ended,
    signal,
    signalAll,
    // One that ended long ago is not signalled: its number may be somebody else's by now.
    stop: (patience = 5_000) => (running() ? stopped(ended, signal, signalAll, patience) : ended),
  };
}

async function stopped(
  ended: Promise<Ended>,
  signal: (which: NodeJS.Signals) => void,
  signalAll: (which: NodeJS.Signals) => void,
  patience: number,
): Promise<Ended> {
  signal("SIGTERM");
  signal("SIGCONT"); // a stopped process would sit on the SIGTERM
  const impatience = setTimeout(() => signalAll("SIGKILL"), patience);
  try {
    return await ended;
  } finally {
    clearTimeout(impatience);
    signalAll("SIGKILL"); // children that outlived it would keep the namespace alive
  }
}

/** Signals a process group that `start` made; one that is gone already is fine. */
export function signalGroup(pid: number, which: NodeJS.Signals): void {
  if (pid <= 1) return; // -1 would be everybody
  try {
    process.kill(-pid, which);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
