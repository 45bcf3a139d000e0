// Real Redis servers of the test: each with a folder of its own, ended by their process id and never
// by their name, and gone with this process however it ends.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis, type RedisOptions } from "ioredis";
import { eventually } from "../netns/eventually.ts";

const BINARY = "/usr/bin/redis-server";

/** Why there can be none here; null when there can. */
export function whyNoRedis(): string | null {
  try {
    accessSync(BINARY, constants.X_OK);
    return null;
  } catch {
    return "missing program: apt-get install redis-server";
  }
}

export type RedisServer = {
  readonly directory: string;
  /** Its Unix socket, as a configuration names it. */
  readonly url: string;
  readonly port: number;
  /** The one that stands for SECOND in its lines. */
  readonly second: number;
  /** A client of the test, beside those of the product. */
  readonly client: Redis;
  /** Starts it with what its folder has. */
  readonly start: () => Promise<void>;
  /** SIGKILL: the machine loses power, but for its disk. */
  readonly kill: () => Promise<void>;
  readonly isDown: () => boolean;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Everything that it has on its disk, to go back to. */
  readonly copy: () => string;
  readonly goBackTo: (copy: string) => void;
  readonly empty: () => void;
  readonly remove: () => Promise<void>;
};

export type ServerOptions = {
  /** Lines of its configuration. */
  readonly lines?: readonly string[];
  /** A TCP port is wanted, too. */
  readonly tcp?: boolean;
  readonly sentinel?: boolean;
  readonly client?: RedisOptions;
};

const folders = new Set<string>();
const children = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A port that nobody had a moment ago; who takes it in between makes the start fail, and another one is tried. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });

/** AOF at every write, so that what was answered is there after SIGKILL. */
const USUAL = ["appendonly yes", "appendfsync always", "save ''", "loglevel warning", "databases 1"];

type Running = {
  readonly directory: string;
  readonly options: ServerOptions;
  port: number;
  second: number;
  child: ChildProcess | null;
};

const socketOf = ({ directory }: Running): string => join(directory, "s");

const where = (running: Running): RedisOptions =>
  running.options.sentinel === true ? { host: "127.0.0.1", port: running.port } : { path: socketOf(running) };

/** Whether it came up; a port may have been taken meanwhile. */
async function launch(running: Running): Promise<boolean> {
  const { directory, port, options } = running;
  const { lines = [], sentinel = false } = options;
  const file = join(directory, "redis.conf");
  const own = sentinel ? [] : [`unixsocket ${socketOf(running)}`, ...USUAL];
  // Another port beside its own is looked for anew at each attempt.
  const second = lines.some((line) => line.includes("SECOND")) ? await freePort() : 0;
  running.second = second;
  const text = lines.map((line) => line.replaceAll("SECOND", String(second)).replaceAll("PORT", String(port)));
  writeFileSync(file, [`port ${port}`, "bind 127.0.0.1", `dir ${directory}`, ...own, ...text].join("\n"));
  const begun = spawn(BINARY, [file, ...(sentinel ? ["--sentinel"] : [])], { stdio: ["ignore", "ignore", "ignore"] });
  children.add(begun);
  running.child = begun;
  let ended = false;
  begun.on("exit", () => {
    ended = true;
    children.delete(begun);
  });
  await eventually("a Redis that answers", async () => ended || (await answers(running)), {
    within: 30_000,
    every: 20,
  });
  return !ended;
}

async function answers(running: Running): Promise<boolean> {
  const probe = new Redis({
    ...where(running),
    ...running.options.client,
    lazyConnect: true,
    retryStrategy: () => null,
    commandTimeout: 2_000,
  });
  probe.on("error", () => undefined);
  try {
    await probe.connect();
    await probe.ping();
    return true;
  } catch {
    return false;
  } finally {
    probe.disconnect();
  }
}

async function start(running: Running): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await launch(running)) return;
    if (running.options.tcp === true) running.port = await freePort();
  }
  throw new Error(`redis-server does not start in ${running.directory}`);
}

async function end(running: Running): Promise<void> {
  const ending = running.child;
  running.child = null;
  if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return;
  const over = new Promise((resolve) => ending.once("exit", resolve));
  ending.kill("SIGKILL");
  await over;
}

function clientOf(running: Running): Redis {
  const client = new Redis({
    ...where(running),
    ...running.options.client,
    lazyConnect: true,
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  });
  client.on("error", () => undefined);
  return client;
}

export async function startRedis(options: ServerOptions = {}): Promise<RedisServer> {
  const directory = mkdtempSync(join(tmpdir(), "heird-redis-"));
  folders.add(directory);
  const running: Running = {
    directory,
    options,
    port: options.tcp === true ? await freePort() : 0,
    second: 0,
    child: null,
  };
  await start(running);
  const client = clientOf(running);
  const appendonly = join(directory, "appendonlydir");
  return {
    directory,
    url: `unix://${socketOf(running)}`,
    port: running.port,
    second: running.second,
    client,
    start: () => start(running),
    kill: () => end(running),
    isDown: () => running.child === null,
    signal: (name) => void running.child?.kill(name),
    copy: () => {
      const copy = mkdtempSync(join(tmpdir(), "heird-redis-copy-"));
      folders.add(copy);
      cpSync(appendonly, join(copy, "aof"), { recursive: true });
      return copy;
    },
    goBackTo: (copy) => {
      rmSync(appendonly, { recursive: true, force: true });
      cpSync(join(copy, "aof"), appendonly, { recursive: true });
    },
    empty: () => rmSync(appendonly, { recursive: true, force: true }),
    remove: async () => {
      client.disconnect();
      await end(running);
      rmSync(directory, { recursive: true, force: true });
      folders.delete(directory);
    },
  };
}
