// A Redis by ioredis: the only file that knows it. One session is one connection to one server, which
// nothing reconnects and on which nothing is queued or sent again: the log is the queue, and whoever
// comes back asks the server where it stands.

import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { Redis, type RedisOptions } from "ioredis";
import type { AuditConfig } from "../core/config.ts";
import { END, type Entry, fieldsOf } from "./entry.ts";
import { idOf, placeIn } from "./keys.ts";
import type { Appended, Durability, Session, Tip } from "./port.ts";

/** Where a Redis is, and as whom we come. */
export type Server = Pick<AuditConfig, "redis" | "sentinels" | "sentinelName" | "username" | "password" | "tls">;

/** How long one answer may take, in ms, and how long it may take to be connected. */
const PATIENCE = 2_000;
const CONNECT = 5_000;
/** How long a server may take to say that what it has is safe, in ms: it syncs once a second. */
const SAFE_WITHIN = 1_000;
const HOPS = 5;

/** What is the same for every connection. */
const COMMON = {
  lazyConnect: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  commandTimeout: PATIENCE,
  enableAutoPipelining: false,
  connectTimeout: CONNECT,
  disableClientInfo: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  enableTLSForSentinelMode: true,
} as const satisfies RedisOptions;

type Target = Pick<RedisOptions, "host" | "port" | "path" | "db" | "tls" | "sentinels" | "name" | "sentinelTLS">;

/** A client that is connected to the server that has the keys of a cluster. */
export type Client = { readonly redis: Redis; readonly close: () => void };

/** Connects again and again, each time to one of the servers; `probe` is a key of the cluster. */
export function connector(server: Server, name: string, probe: string): () => Promise<Client> {
  let turn = 0;
  /** The node of a Redis Cluster that was last said to have our keys. */
  let known: Target | null = null;
  return async () => {
    const seeds = targetsOf(server);
    let target = known ?? seeds[turn++ % Math.max(1, seeds.length)];
    known = null;
    for (let hop = 0; target !== undefined && hop < HOPS; hop++) {
      const client: Client = await open({ ...COMMON, ...target, ...credentials(server), connectionName: name });
      const moved = await ownerOf(client.redis, probe);
      if (moved === null) {
        known = hop > 0 ? target : null;
        return client;
      }
      client.close();
      target = { ...target, host: moved.host === "" ? target.host : moved.host, port: moved.port };
    }
    throw new Error("the nodes of the Redis Cluster send us from one to the other");
  };
}

async function open(options: RedisOptions): Promise<Client> {
  const redis = new Redis(options);
  let first: Error | null = null;
  redis.on("error", (error: Error) => {
    first ??= error;
  });
  const close = (): void => redis.disconnect(false);
  try {
    await within(2 * CONNECT, redis.connect());
    return { redis, close };
  } catch (cause) {
    close();
    // "Connection is closed" says nothing; what was met before does.
    throw new Error(sentenceOf(options, first ?? cause));
  }
}

function sentenceOf({ host, port, path, sentinels, name }: RedisOptions, cause: unknown): string {
  const where = sentinels !== undefined ? `the Redis "${name}" of the sentinels` : (path ?? `${host}:${port}`);
  return `cannot reach ${where}: ${cause instanceof Error ? cause.message : String(cause)}`;
}

/** The node of a Redis Cluster that has a key; null when it is this one. */
async function ownerOf(redis: Redis, key: string): Promise<{ readonly host: string; readonly port: number } | null> {
  try {
    await redis.xinfo("STREAM", key);
    return null;
  } catch (cause) {
    const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(cause instanceof Error ? cause.message : "") ?? [];
    if (host !== undefined && port !== undefined) return { host, port: Number(port) };
    if (cause instanceof Error && isNoKey(cause)) return null;
    throw cause;
  }
}

const isNoKey = ({ message }: Error): boolean => /^ERR no such key/.test(message);

function targetsOf({ redis, sentinels, sentinelName, tls }: Server): readonly Target[] {
  if (redis.length > 0) return redis.map((url) => targetOf(url, tls));
  const secure = tls.ca !== null || tls.cert !== null;
  const certificates = secure ? { tls: tlsOf(tls), sentinelTLS: tlsOf(tls) } : {};
  return [{ sentinels: [...sentinels], name: sentinelName ?? "", ...certificates }];
}

function targetOf(text: string, tls: Server["tls"]): Target {
  const url = new URL(text);
  const db = Number(/^\/(\d+)$/.exec(url.pathname)?.[1] ?? 0);
  if (url.protocol === "unix:") return { path: decodeURIComponent(url.pathname) };
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = url.port === "" ? 6379 : Number(url.port);
  return { host, port, db, ...(url.protocol === "rediss:" ? { tls: tlsOf(tls) } : {}) };
}

const tlsOf = ({ ca, cert, key }: Server["tls"]): ConnectionOptions => ({
  ...(ca === null ? {} : { ca: readFileSync(ca) }),
  ...(cert === null ? {} : { cert: readFileSync(cert) }),
  ...(key === null ? {} : { key: readFileSync(key) }),
});

/** Read anew at each connection, so that a password can be changed under a running daemon. */
function credentials({ username, password }: Server): Pick<RedisOptions, "username" | "password"> {
  const name = username === null ? {} : { username };
  return password === null ? name : { ...name, password: secretOf(password) };
}

function secretOf({ from, name }: NonNullable<Server["password"]>): string {
  if (from === "file") return readFileSync(name, "utf8").split("\n")[0]?.trimEnd() ?? "";
  const secret = process.env[name];
  if (secret === undefined)
    throw new Error(`the environment has no ${name}, which is to have the password of the Redis`);
  return secret;
}

/** Gives up on what takes longer. */
export function within<T>(ms: number, something: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the Redis did not answer within ${ms / 1_000} s`)), ms);
    something.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (cause: unknown) => {
        clearTimeout(timer);
        reject(cause instanceof Error ? cause : new Error(String(cause)));
      },
    );
  });
}

/** What the shipper needs of a connection. */
export function sessionOn({ redis, close }: Client): Session {
  let waitAof = true;
  return {
    tip: (key) => within(PATIENCE, tipOf(redis, key)),
    append: (key, after, entries) => within(2 * PATIENCE, append(redis, key, after, entries)),
    holes: async (key, most) => {
      const rows = await within(2 * PATIENCE, redis.xrevrange(key, "+", "-", "COUNT", most));
      const seqs = rows.map(([id]) => placeIn(id)?.seq ?? 0);
      return seqs.slice(1).filter((seq, i) => seq + 1 < (seqs[i] ?? 0));
    },
    bury: async (key, after) => {
      const { hlc = 0 } = placeIn(after) ?? {};
      await within(PATIENCE, redis.xadd(key, `${hlc + 1}-0`, ...END));
    },
    mark: async (key, text) => void (await within(PATIENCE, redis.set(key, text))),
    time: async () => {
      const [seconds, micros] = await within(PATIENCE, redis.time());
      return Number(seconds) * 1e6 + Number(micros);
    },
    confirm: async () => {
      if (waitAof) {
        const aof = await within(2 * PATIENCE, waitForDisk(redis));
        if (aof !== null) return aof;
        waitAof = false;
      }
      const count = Number(await within(2 * PATIENCE, redis.call("WAIT", "1", String(SAFE_WITHIN / 10))));
      return { kind: count > 0 ? "replicas" : "memory", count };
    },
    close,
  };
}

/** Null where the server has no such command, no AOF, or does not let us. */
async function waitForDisk(redis: Redis): Promise<Durability | null> {
  try {
    const [local = 0, replicas = 0] = (await redis.call("WAITAOF", "1", "0", String(SAFE_WITHIN))) as number[];
    return local > 0 ? { kind: "aof", count: local + replicas } : { kind: "memory", count: 0 };
  } catch (cause) {
    if (cause instanceof Error && /^(ERR|NOPERM)/.test(cause.message)) return null;
    throw cause;
  }
}

async function tipOf(redis: Redis, key: string): Promise<Tip | null> {
  let info: unknown[];
  try {
    info = (await redis.xinfo("STREAM", key)) as unknown[];
  } catch (cause) {
    if (cause instanceof Error && isNoKey(cause)) return null;
    throw cause;
  }
  const at = (name: string): unknown => info[info.indexOf(name) + 1];
  const id = String(at("last-generated-id"));
  const last = at("last-entry");
  if (!Array.isArray(last) || last[0] !== id) return { id, hash: null };
  return { id, hash: fieldIn(last[1], "h") };
}

function fieldIn(fields: unknown, name: string): string {
  const list: readonly unknown[] = Array.isArray(fields) ? fields : [];
  for (let i = 0; i + 1 < list.length; i += 2) if (list[i] === name) return String(list[i + 1]);
  return "";
}

/**
 * One transaction, so that a server that runs full takes all of it or nothing. It first tells what the
 * last entry is: should the server have lost its end since we asked, what was taken stands in the wrong place.
 */
async function append(redis: Redis, key: string, after: string | null, entries: readonly Entry[]): Promise<Appended> {
  const all = redis.multi().xrevrange(key, "+", "-", "COUNT", 1);
  for (const [i, entry] of entries.entries()) {
    const existing = after === null && i === 0 ? [] : ["NOMKSTREAM"];
    all.call("XADD", key, ...existing, idOf(entry), ...fieldsOf(entry));
  }
  let replies: Awaited<ReturnType<typeof all.exec>>;
  try {
    replies = await all.exec();
  } catch (cause) {
    const said = [cause, ...previousOf(cause)].map((one) => (one instanceof Error ? one.message : String(one)));
    const full = said.find((text) => /^(OOM|MISCONF)/.test(text));
    if (full !== undefined) return { result: "full", says: full };
    throw new Error(said.at(-1) ?? "the Redis took nothing");
  }
  return outcomeOf(replies ?? [], after);
}

const previousOf = (cause: unknown): readonly unknown[] =>
  typeof cause === "object" && cause !== null && "previousErrors" in cause && Array.isArray(cause.previousErrors)
    ? cause.previousErrors
    : [];

function outcomeOf([guard, ...added]: readonly (readonly [Error | null, unknown])[], after: string | null): Appended {
  const failure = added.find(([error]) => error !== null)?.[0];
  if (failure !== null && failure !== undefined) {
    if (/equal or smaller/.test(failure.message)) return { result: "there" };
    throw failure;
  }
  if (added.some(([, id]) => id === null)) return { result: "missing" };
  const entries: readonly unknown[] = Array.isArray(guard?.[1]) ? guard[1] : [];
  const last: unknown = Array.isArray(entries[0]) ? entries[0][0] : undefined;
  // A stream whose entries were trimmed away has none, and stands where it stood.
  return { result: last === undefined || last === after ? "taken" : "broken" };
}
