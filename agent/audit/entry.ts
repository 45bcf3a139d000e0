// One entry of a stream: a line of the log with its place in the chain, and what a reader wants to know
// without folding the log. The line is there byte for byte, so whoever has the stream has the log.

import { placeIn } from "./keys.ts";

/**
 * The format; a reader passes over entries of a greater one, and says that it did. What is added to an entry of
 * this one, fields or kinds, older readers pass over: `s`, the signature of a checkpoint over the hash of its line, is kept free.
 */
export const ENTRY_FORMAT = 1;

/** What an entry is about, for whoever filters. */
export const KINDS = [
  "transition",
  "priority",
  "master_seen",
  "dual_master",
  "vip",
  "notify",
  "check",
  "link",
  "command",
  "config",
  "lifecycle",
  "routine",
  "snapshot",
  "refused",
  /** Not written yet: lines that tell of a signed end of a chain, its own or a neighbour's. */
  "checkpoint",
  "witness",
  "other",
] as const;
export type Kind = (typeof KINDS)[number];

/** How well a node knew the time when it shipped: empty where it does not know. */
export type ClockNote = {
  /** Whether the kernel's clock is disciplined, and by how much it may be wrong, in µs. */
  readonly sync: boolean | null;
  readonly errUs: number | null;
  /** This node's clock less that of the Redis, and how far that may be off, in µs. */
  readonly offsetUs: number | null;
  readonly offsetErrUs: number | null;
};

export const UNKNOWN_CLOCK: ClockNote = { sync: null, errUs: null, offsetUs: null, offsetErrUs: null };

export type Entry = {
  readonly hlc: number;
  readonly seq: number;
  /** The hash of the line before, and of this one. */
  readonly prev: string;
  readonly hash: string;
  readonly kind: Kind;
  /** The line without its hash, as it stands in the log. */
  readonly body: string;
  /** The audit record as JSON; null where the line says everything. */
  readonly record: string | null;
  readonly clock: ClockNote;
};

/** The fields of an entry as XADD wants them. */
export const fieldsOf = ({ prev, hash, kind, body, record, clock }: Entry): readonly string[] => [
  "v",
  String(ENTRY_FORMAT),
  "p",
  prev,
  "h",
  hash,
  "k",
  kind,
  "c",
  clockText(clock),
  "b",
  body,
  ...(record === null ? [] : ["r", record]),
];

/** `1,500,-62,163`: synchronised, its error, the offset to the Redis, its error. */
const clockText = ({ sync, errUs, offsetUs, offsetErrUs }: ClockNote): string =>
  [sync === null ? null : Number(sync), errUs, offsetUs, offsetErrUs].map((part) => part ?? "").join(",");

function clockIn(text: string): ClockNote {
  const [sync = "", errUs = "", offsetUs = "", offsetErrUs = ""] = text.split(",");
  const number = (part: string): number | null => (part === "" ? null : Number(part));
  return {
    sync: sync === "" ? null : sync === "1",
    errUs: number(errUs),
    offsetUs: number(offsetUs),
    offsetErrUs: number(offsetErrUs),
  };
}

/** Whether a later heird wrote this entry in a way that this one cannot read. */
export const isLater = (fields: readonly string[]): boolean => {
  const v = fields.findIndex((name, i) => i % 2 === 0 && name === "v");
  return v >= 0 && Number(fields[v + 1]) > ENTRY_FORMAT;
};

/** Whether this closes a stream that lost its end: `port.ts` says when. */
export const isEnd = (fields: readonly string[]): boolean => fields.join() === END.join();
export const END = ["v", "1", "k", "broken"] as const;

/** What a Redis has under an id; undefined when it is no entry of ours, or of a later format. */
export function entryIn(id: string, fields: readonly string[]): Entry | undefined {
  const place = placeIn(id);
  const values = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) values.set(fields[i] ?? "", fields[i + 1] ?? "");
  const [prev, hash, body] = [values.get("p"), values.get("h"), values.get("b")];
  if (place === undefined || prev === undefined || hash === undefined || body === undefined) return undefined;
  if (Number(values.get("v")) > ENTRY_FORMAT) return undefined;
  const kind = KINDS.find((known) => known === values.get("k")) ?? "other";
  return { ...place, prev, hash, kind, body, record: values.get("r") ?? null, clock: clockIn(values.get("c") ?? "") };
}
