// The configurations that are measured: every daemon reads the very same text.

import { configOf } from "../netns/config.ts";

export type Shape = {
  readonly instances: number;
  readonly priority: number;
  /** As in the file: seconds. */
  readonly interval: string;
  readonly version?: 2 | 3;
  readonly family?: "ipv4" | "ipv6";
  /** Where it starts; BACKUP unless told. */
  readonly state?: "MASTER" | "BACKUP";
  /** Of each instance; the first stands in the advertisement. */
  readonly addresses?: number;
  /** Lines for each instance. */
  readonly extra?: readonly string[];
  /** Lines for the whole. */
  readonly head?: readonly string[];
};

/** The address of an instance, by number. */
export const addressOf = (vrid: number, number: number, family: "ipv4" | "ipv6" = "ipv4"): string =>
  family === "ipv4" ? `10.${vrid}.${number >> 8}.${number & 255}` : `fe80::5:${((vrid << 4) + number).toString(16)}`;

const numbers = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from + i);

export function textOf(shape: Shape): string {
  const { instances, priority, interval, version = 3, family = "ipv4", addresses = 1, extra = [], head = [] } = shape;
  const state = shape.state ?? "BACKUP";
  const width = family === "ipv4" ? 32 : 64;
  const written = numbers(1, instances).map((vrid) => {
    const [first = "", ...rest] = numbers(1, addresses).map((i) => `${addressOf(vrid, i, family)}/${width}`);
    // An advertisement has room for 255 (RFC 9568 §5.2.5); the others are held without being told.
    const excluded = rest.length === 0 ? [] : ["virtual_ipaddress_excluded {", ...rest, "}"];
    return {
      name: `VI_${vrid}`,
      vrid,
      state,
      version,
      priority,
      interval,
      addresses: [first],
      extra: [...excluded, ...extra],
    };
  });
  return `${head.join("\n")}\n${configOf(...written)}`;
}

/** RFC 9568 §6.1, in µs: Skew_Time = (256 - priority) * interval / 256. */
export const skewOf = (priority: number, interval: number): number => ((256 - priority) * interval) / 256;

/** RFC 9568 §6.1, in µs: Master_Down_Interval = 3 * interval + Skew_Time. */
export const downOf = (priority: number, interval: number): number => 3 * interval + skewOf(priority, interval);

/** The interval of a shape in µs. */
export const microseconds = (interval: string): number => Math.round(Number(interval) * 1_000_000);
