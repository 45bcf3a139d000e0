// Where a command reads what was shipped: the directories it is told, or the Redis of the audit block.

import { existsSync } from "node:fs";
import { loadConfig } from "../../config/load.ts";
import { type NodeAccount, openAccount, timeOf } from "../audit/accounts.ts";
import { type Library, openLibrary } from "../audit/library.ts";
import { logsSource } from "../audit/logs.ts";
import type { Server } from "../audit/redis.ts";
import { current, nameOf, type Source, type Stream } from "../audit/source.ts";
import type { AuditConfig } from "../core/config.ts";
import type { Values } from "./commands.ts";
import { logIn, refuseNewer } from "./log-files.ts";
import { EXIT, Refusal } from "./refusal.ts";

export type SourceOptions = Pick<Values, "logs" | "redis" | "cluster-name" | "config" | "state-dir">;

/** The variables with the user and the password of a Redis that --redis names. */
const USER = "HEIRD_REDIS_USERNAME";
const PASSWORD = "HEIRD_REDIS_PASSWORD";

export async function openSource(options: SourceOptions, more: readonly string[]): Promise<Source> {
  if (options.logs === undefined) return openRedis(options);
  return openLogs([...options.logs, ...more]);
}

export function openLogs(directories: readonly string[]): Source {
  let source: Source;
  // What is no file, a FIFO that nobody writes to among it, is refused before it is opened.
  const files = directories.map(logIn);
  try {
    source = logsSource(directories);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(
      EXIT.unreachable,
      `cannot read these logs: ${why}; name state directories, or directories of a log`,
    );
  }
  for (const own of files) refuseNewer(own);
  return source;
}

/** The audit block of the configuration; null without one. */
export function auditIn({ config }: Pick<SourceOptions, "config">): AuditConfig | null {
  return config === undefined || !existsSync(config) ? null : (loadConfig(config).config?.audit ?? null);
}

export async function openRedis(options: SourceOptions): Promise<Library> {
  const said = auditIn(options);
  const server = options.redis === undefined ? said : named(options.redis, said);
  const cluster = options["cluster-name"] ?? said?.cluster;
  if (server === null || cluster === undefined)
    throw new Refusal(
      EXIT.usage,
      "no Redis is named: write an audit block, or say --redis URL and --cluster-name NAME; or read logs with --logs DIR",
    );
  try {
    return await openLibrary(server, cluster);
  } catch (cause) {
    throw new Refusal(EXIT.redis, cause instanceof Error ? cause.message : String(cause));
  }
}

/** Without what stands before the host: there may be a password in it. */
const discreet = (url: string): string => url.replace(/\/\/.*@/, "//...@");

const SCHEMES: ReadonlySet<string> = new Set(["redis:", "rediss:", "unix:"]);

/** Whoever reads may be another user than the daemon: the URL says who, or the environment. */
function named(urls: readonly string[], said: AuditConfig | null): Server {
  const [first] = urls;
  const strange = urls.find((url) => !URL.canParse(url) || !SCHEMES.has(new URL(url).protocol));
  if (first === undefined || strange !== undefined)
    throw new Refusal(
      EXIT.usage,
      `--redis ${discreet(strange ?? "")} is no URL of a Redis: write redis://HOST[:PORT], rediss://HOST or unix:PATH`,
    );
  const { username } = new URL(first);
  if (urls.some((url) => URL.canParse(url) && new URL(url).password !== ""))
    throw new Refusal(EXIT.usage, `the words of a command are seen by everybody: put the password into ${PASSWORD}`);
  return {
    redis: urls,
    sentinels: [],
    sentinelName: null,
    username: username === "" ? (process.env[USER] ?? null) : decodeURIComponent(username),
    password: process.env[PASSWORD] === undefined ? null : { from: "environment", name: PASSWORD },
    tls: said?.tls ?? { ca: null, cert: null, key: null },
  };
}

/** What every node says, from a time on. */
export async function accountsOf(source: Source, from: number | null, until: number): Promise<readonly NodeAccount[]> {
  const byNode = grouped(await source.streams());
  const accounts: NodeAccount[] = [];
  for (const [node, streams] of byNode) accounts.push(await accountOf(source, node, streams, from, until));
  return accounts;
}

function grouped(streams: readonly Stream[]): ReadonlyMap<string, readonly Stream[]> {
  const byNode = new Map<string, Stream[]>();
  for (const stream of current(streams)) byNode.set(stream.node, [...(byNode.get(stream.node) ?? []), stream]);
  return byNode;
}

async function accountOf(
  source: Source,
  node: string,
  streams: readonly Stream[],
  from: number | null,
  until: number,
): Promise<NodeAccount> {
  const account = openAccount(node);
  const newest = streams.at(-1);
  const mark = await source.mark(newest === undefined ? node : nameOf(newest));
  // A node whose clock is behind has its lines under earlier times.
  const start = from === null ? null : Math.floor(from + Math.min(0, (mark?.clock?.offsetUs ?? 0) / 1_000));
  for (const [i, stream] of streams.entries()) {
    // Of what was over before, the last word counts.
    const next = streams[i + 1];
    if (start !== null && next?.first !== undefined && next.first !== null && next.first.hlc < start) continue;
    for await (const item of source.read(stream, start)) if (timeOf(item) <= until) account.look(item);
  }
  return account.close(mark);
}
