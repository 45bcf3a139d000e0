// Types only: what is checked, how often, when its answers are believed, and what one run came to.

import type { IpAddress } from "./address.ts";
import type { Duration, Instant } from "./time.ts";

/** A program, as the daemon starts it: no shell, never. */
export type Program = {
  readonly argv: readonly string[];
  /** By name or number; null for whoever runs the daemon. */
  readonly user: string | null;
  readonly group: string | null;
  readonly umask: number;
};

/** What makes a page good beside its code. */
export type PageTest =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "regex"; readonly source: string }
  | { readonly kind: "json"; readonly pointer: string; readonly value: string };

/** How a server is reached and trusted; paths are read before each connection. */
export type Tls = {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  readonly verify: boolean;
};

export type HttpQuestion = {
  readonly kind: "http";
  readonly url: string;
  readonly method: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** In Host and SNI; null for the one of the URL. */
  readonly host: string | null;
  /** Inclusive ranges of codes that are good. */
  readonly status: readonly { readonly from: number; readonly to: number }[];
  readonly bodies: readonly PageTest[];
  readonly maxBody: number;
  readonly keepAlive: boolean;
  readonly tls: Tls;
  /** Days that the certificate must still be valid; null when it may run out tomorrow. */
  readonly expiry: number | null;
};

export type TcpQuestion = {
  readonly kind: "tcp";
  readonly host: string;
  readonly port: number;
  readonly send: string | null;
  readonly expect: readonly string[];
};

export type PingQuestion = {
  readonly kind: "ping";
  readonly host: string;
  readonly count: number;
  /** Per cent of them that may be lost. */
  readonly loss: number;
};

export type DnsQuestion = {
  readonly kind: "dns";
  readonly name: string;
  readonly type: string;
  /** Null: the system's. */
  readonly resolver: IpAddress | null;
  readonly expect: readonly string[];
};

export type RouteQuestion = {
  readonly kind: "route";
  /** `default`, or address and length. */
  readonly prefix: string;
  /** A number. */
  readonly table: number;
  readonly via: IpAddress | null;
};

export type NeighbourQuestion = { readonly kind: "arp"; readonly address: IpAddress };

export type FileQuestion = {
  readonly kind: "file";
  readonly path: string;
  /** Written when the daemon starts, where there is none or `overwrite` says so; null for nothing. */
  readonly init: { readonly value: number; readonly overwrite: boolean } | null;
};

export type ProcessQuestion = {
  readonly kind: "process";
  /** The name, and parameters when the command line is compared. */
  readonly process: readonly string[];
  readonly paramMatch: "initial" | "partial" | null;
  readonly fullCommand: boolean;
  readonly quorum: number;
  readonly quorumMax: number | null;
};

export type MetricQuestion = {
  readonly kind: "metric";
  readonly number:
    | { readonly kind: "file"; readonly path: string }
    | { readonly kind: "url"; readonly url: string }
    | { readonly kind: "script"; readonly program: Program };
  /** Where in a JSON document the number stands; null when it is all there is. */
  readonly pointer: string | null;
};

export type ScriptQuestion = { readonly kind: "script"; readonly program: Program };

/** What is asked. */
export type Question =
  | ScriptQuestion
  | HttpQuestion
  | TcpQuestion
  | PingQuestion
  | DnsQuestion
  | RouteQuestion
  | NeighbourQuestion
  | FileQuestion
  | ProcessQuestion
  | MetricQuestion;

/** How a number becomes a weight. */
export type Scale =
  | { readonly kind: "linear"; readonly from: number; readonly to: number; readonly weights: readonly [number, number] }
  /** Ascending; below the first the weight is 0. */
  | { readonly kind: "steps"; readonly steps: readonly { readonly from: number; readonly weight: number }[] };

/** RFC 2439 in small: what flaps earns a penalty that is forgotten by halves. */
export type FlapPenalty = {
  readonly perFlap: number;
  readonly suppress: number;
  readonly reuse: number;
  readonly halfLife: Duration;
  readonly maxSuppress: Duration;
};

/** How many answers in a row are believed. */
export type Counts = { readonly rise: number; readonly fall: number };

/** When a change of answers is believed. */
export type Belief = {
  /** While a router that tracks it is Master, and while none is. */
  readonly master: Counts;
  readonly backup: Counts;
  /** Bad until it has risen; otherwise the first answer counts, whatever it is. B10.4. */
  readonly initFail: boolean;
  /** How long it stays bad at least. */
  readonly holdDown: Duration;
  /** How long answers must have been good, or bad, beside their number. */
  readonly minGood: Duration;
  readonly minBad: Duration;
  readonly flapPenalty: FlapPenalty | null;
  /** What the verdict is: up or down, the number itself, or the weight that the number stands for. */
  readonly verdict: "upOrDown" | "number" | Scale;
};

export type CheckConfig = {
  /** What tracks call it: `script/NAME`, `check/NAME`, `file/NAME`, `process/NAME`. */
  readonly name: string;
  readonly question: Question;
  readonly interval: Duration;
  readonly timeout: Duration;
  /** Up to how much later each run begins, drawn anew each time. */
  readonly jitter: Duration;
  /** The source address; null for the system's choice. */
  readonly source: IpAddress | null;
  /** The interface to ask through, or of the route. */
  readonly device: string | null;
  /** A good answer that took longer is bad. */
  readonly latency: Duration | null;
  readonly belief: Belief;
};

/** What one asking came to. */
export type Answer = {
  readonly ok: boolean;
  /** What was read, where a number is read. */
  readonly value: number | null;
  /** One sentence without figures that change from run to run, so that the same trouble reads the same. */
  readonly detail: string;
  /** How a program ended. */
  readonly exit: number | string | null;
  readonly timedOut: boolean;
  /** The end of what a program or server said, at most 1 KiB. */
  readonly output: string;
};

export type Run = Answer & {
  readonly started: Instant;
  /** How long it waited for its turn before that. */
  readonly queued: Duration;
  readonly took: Duration;
  /** Runs that were left out since the last one because it was not over. */
  readonly skipped: number;
};

/** What was said, with the number where there is one. */
export const saidIn = ({ detail, value }: Pick<Run, "detail" | "value">): string =>
  value === null || detail.endsWith(` ${value}`) ? detail : `${detail}, ${value}`;
