// One line of the log: what it says, and the chain that ties it to the line before.
//
// The hash is SHA-256 over the previous hash and the line without its own hash, so that a torn
// tail, a flipped bit and an edited line are found alike. It is always the last field, which makes
// a line verifiable without knowing its version.

import { hash as digest } from "node:crypto";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import type { Advertisement, Observation } from "../core/event.ts";
import type { Reason, Standard } from "../core/reason.ts";
import type { AgentState, PhaseName, RouterState } from "../core/state.ts";
import type { Duration, Instant } from "../core/time.ts";
import type { RecordedErrand } from "./errands.ts";
import type { Balance } from "./ledger.ts";
import { liftConfig, liftSnapshot } from "./lift.ts";

/** The format of the lines; a reader refuses a greater one. */
export const FORMAT = 1;
/** Changes when the fold would decide differently on the same events. */
export const FOLD_VERSION = 3;

/** What stands in every line: its number, the fold's time in µs, and wall-clock ms that never go back. */
export type Place = {
  readonly seq: number;
  readonly at: Instant;
  readonly hlc: number;
  /** What the wall clock says, where that is less than `hlc`: it was set back since. */
  readonly wall?: number;
};

/** The folded state as a header or snapshot carries it; the configuration stands beside it. */
export type Snapshot = {
  readonly running: boolean;
  readonly waits: AgentState["waits"];
  readonly checks: AgentState["checks"];
  readonly links: AgentState["links"];
  readonly routers: readonly Omit<RouterState, "config">[];
  readonly drainOverAt: AgentState["drainOverAt"];
};

/** The first line of a segment: everything needed to fold what follows. */
export type Header = Place & {
  readonly heird: number;
  readonly foldVersion: number;
  readonly version: string;
  readonly cluster: string;
  readonly node: string;
  /** A fingerprint of the machine's id, which a new name or address does not change; not where there is none. */
  readonly machine?: string;
  /** The configuration file of the daemon; not in the lines of older ones. */
  readonly file?: string;
  /** New whenever a log starts empty. */
  readonly epoch: string;
  /** The kernel's boot id: `at` counts from that boot. */
  readonly boot: string;
  readonly segment: number;
  /** Whether a daemon began here, or only a new file. */
  readonly start: boolean;
  /** Lines that had to be dropped before this segment because the disk stood still; 0 in peace. */
  readonly lost: number;
  readonly config: AgentConfig;
  readonly state: Snapshot;
  /** Which addresses may be on interfaces because of this daemon: what a death from here on would leave behind. */
  readonly holdings: Balance;
  /** Which hooks are not told to the end: what a death from here on would interrupt. */
  readonly hooks?: readonly RecordedErrand[];
  /** The hash of the line before; of the epoch's name where there is none. */
  readonly prev: string;
};

/**
 * Consecutive routine events of one router as one line. `ticks`: a Master advertised on time;
 * `accepted`: a Backup heard the same advertisement; `unchanged`: advertisements that changed
 * nothing, which the fold passes over.
 */
export type Window = RouterWindow | AnswersWindow;

export type RouterWindow = {
  readonly kind: "ticks" | "accepted" | "unchanged";
  readonly router: RouterKey;
  readonly count: number;
  readonly first: Instant;
  readonly last: Instant;
  /** Smallest and largest gap between two of them; 0 when there is one only. */
  readonly minGap: Duration;
  readonly maxGap: Duration;
  /** What was heard (last); null for ticks. */
  readonly advert: Advertisement | null;
};

/** Consecutive answers of one check that only counted: what was true before is true again. */
export type AnswersWindow = {
  readonly kind: "answers";
  readonly check: string;
  readonly ok: boolean;
  readonly count: number;
  readonly first: Instant;
  readonly last: Instant;
  /** The longest run, the longest wait for its turn, and the runs that were left out meanwhile. */
  readonly slowest: Duration;
  readonly queued: Duration;
  readonly skipped: number;
};

/** Derived, for whoever greps the file and for verification; never folded. */
export type Mark = {
  readonly mark: 1;
  readonly router: RouterKey;
  readonly name: string;
  readonly from: PhaseName;
  readonly phase: PhaseName;
  readonly because: Reason;
  /** The reason in the words of the standards; not in the lines of older daemons. */
  readonly standard?: Standard;
  /** The file beside the segment that has what the flight recorder held. */
  readonly recording?: string;
  /** How hard the daemon had it in the half minute before; not in the lines of older daemons. */
  readonly strain?: Strain;
};

/** By how much its loop was late at most, and how long its longest collection took. */
export type Strain = { readonly late: Duration; readonly collected: Duration };

export type Line =
  | ({ readonly type: "header" } & Header)
  | ({ readonly type: "event"; readonly seen: Observation } & Place)
  | ({ readonly type: "window"; readonly window: Window } & Place)
  | ({ readonly type: "mark" } & Mark & Place)
  | ({ readonly type: "snapshot"; readonly state: Snapshot } & Place);

/** The state without what the configuration says already. */
export const snapshotOf = ({ running, waits, checks, links, routers, drainOverAt }: AgentState): Snapshot => ({
  running,
  waits,
  checks,
  links,
  routers: routers.map(rememberedOf),
  drainOverAt,
});

/** What a snapshot has of a router: one after the other, so that equal states are equal texts. */
export const rememberedOf = (router: RouterState): Snapshot["routers"][number] => {
  const { phase, linkUp, primaryAddress, verdicts, company, rival, refused, neighbours, masteries, drained } = router;
  return { phase, linkUp, primaryAddress, verdicts, company, rival, refused, neighbours, masteries, drained };
};

/** The state a snapshot was taken of. */
export const restore = (config: AgentConfig, snapshot: Snapshot): AgentState => ({
  ...snapshot,
  config,
  routers: config.routers.flatMap((router, i) => {
    const rest = snapshot.routers[i];
    return rest === undefined ? [] : [{ config: router, ...rest }];
  }),
});

/** The hash that follows `previous` when `body` (a JSON object without its hash) is written. */
export const chain = (previous: string, body: string): string => digest("sha256", previous + body);

/** The hash an epoch begins with. */
export const genesis = (epoch: string): string => chain("", epoch);

/** A line as it stands in the file (with its newline), and its hash. */
export const seal = (previous: string, line: Record<string, unknown>): Sealed =>
  sealed(previous, JSON.stringify(line).slice(0, -1));

export type Sealed = { readonly text: string; readonly hash: string };

/** The same of a line in words already, without the brace that closes it. */
export function sealed(previous: string, open: string): Sealed {
  const hash = chain(previous, `${open}}`);
  return { text: `${open},"hash":"${hash}"}\n`, hash };
}

const HASH_TAIL = /,"hash":"([0-9a-f]{64})"\}$/;

/** The hash a line carries and the body it was taken over; undefined when it carries none. */
export function unseal(text: string): { body: string; hash: string } | undefined {
  const found = HASH_TAIL.exec(text);
  const hash = found?.[1];
  return found === null || hash === undefined ? undefined : { body: `${text.slice(0, found.index)}}`, hash };
}

/** `,"hash":"`, 64 hexadecimal digits, `"}`. */
const TAIL_BYTES = 9 + 64 + 2;
let room = Buffer.allocUnsafe(64 * 1024);

/** The hash of a line as it lies in the file (without its newline), when it follows from the one before; else null. */
export function chainBytes(previous: string, line: Buffer): string | null {
  const body = line.length - TAIL_BYTES;
  if (body < 0 || line[body] !== COMMA || line[line.length - 1] !== CLOSING) return null;
  const length = previous.length + body + 1;
  if (room.length < length) room = Buffer.allocUnsafe(2 * length);
  room.write(previous, "latin1");
  line.copy(room, previous.length, 0, body);
  room[length - 1] = CLOSING;
  const hash = digest("sha256", room.subarray(0, length));
  return line.toString("latin1", body) === `,"hash":"${hash}"}` ? hash : null;
}
const COMMA = 0x2c;
const CLOSING = 0x7d;

/** Reads one line; a string says what is wrong with it. */
export function parseLine(text: string): Line | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "is not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "is not an object";
  const { hash: _, ...fields } = value as Record<string, unknown>;
  if (typeof fields["seq"] !== "number" || typeof fields["at"] !== "number") return "has no seq or no time";
  const type = kindOf(fields);
  if (type === undefined) return "is of no known kind";
  if (type === "header" && !(Number(fields["heird"]) <= FORMAT))
    return `was written in format ${String(fields["heird"])}; this heird reads up to ${FORMAT}`;
  try {
    return lifted({ type, ...fields } as Line);
  } catch {
    return "lacks what a line of its kind has";
  }
}

/** An older line as it would be written today. */
function lifted(line: Line): Line {
  switch (line.type) {
    case "header":
      return { ...line, config: liftConfig(line.config), state: liftSnapshot(line.state) };
    case "snapshot":
      return { ...line, state: liftSnapshot(line.state) };
    case "event": {
      const { seen } = line;
      return seen.type === "configured" ? { ...line, seen: { ...seen, config: liftConfig(seen.config) } } : line;
    }
    case "window":
    case "mark":
      return line;
  }
}

function kindOf(fields: Record<string, unknown>): Line["type"] | undefined {
  if ("heird" in fields) return "header";
  if ("seen" in fields) return "event";
  if ("window" in fields) return "window";
  if ("mark" in fields) return "mark";
  return "state" in fields ? "snapshot" : undefined;
}
