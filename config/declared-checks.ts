// Types only: what a vrrp_check declares.

import type { IpAddress } from "../agent/core/address.ts";
import type { Duration } from "../agent/core/time.ts";
import type { Place } from "./source.ts";
import type { CommandLine } from "./values.ts";

/** What makes a page good beside its code. */
export type DeclaredBody =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "regex"; readonly source: string }
  | { readonly kind: "json"; readonly pointer: string; readonly value: string };

/** Where a metric's number comes from. */
export type DeclaredNumber =
  | { readonly kind: "file"; readonly path: string; readonly pointer: string | null }
  | { readonly kind: "url"; readonly url: string; readonly pointer: string | null }
  | { readonly kind: "script"; readonly command: CommandLine; readonly pointer: string | null };

/** How a number becomes a weight. */
export type DeclaredScale =
  | { readonly kind: "linear"; readonly from: number; readonly to: number; readonly weights: readonly [number, number] }
  /** Ascending; below the first the weight is 0. */
  | { readonly kind: "steps"; readonly steps: readonly { readonly from: number; readonly weight: number }[] };

/** What is asked. */
export type DeclaredProbe =
  | {
      readonly kind: "http";
      readonly url: string;
      readonly method: string;
      readonly headers: readonly { readonly name: string; readonly value: string }[];
      /** Null: the one of the URL. */
      readonly host: string | null;
      /** Inclusive ranges of codes. */
      readonly status: readonly { readonly from: number; readonly to: number }[];
      readonly bodies: readonly DeclaredBody[];
      readonly maxBody: number;
      readonly keepAlive: boolean;
      readonly ca: string | null;
      readonly cert: string | null;
      readonly key: string | null;
      readonly verify: boolean;
      /** Days; null when it may run out tomorrow. */
      readonly expiry: number | null;
    }
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      readonly send: string | null;
      readonly expect: readonly string[];
    }
  | { readonly kind: "ping"; readonly host: string; readonly count: number /** Per cent. */; readonly loss: number }
  | {
      readonly kind: "dns";
      readonly name: string;
      readonly type: string;
      /** Null: the system's. */
      readonly resolver: IpAddress | null;
      readonly expect: readonly string[];
    }
  | { readonly kind: "route"; readonly prefix: string; readonly table: string; readonly via: IpAddress | null }
  | { readonly kind: "arp"; readonly address: IpAddress }
  | { readonly kind: "metric"; readonly number: DeclaredNumber; readonly scale: DeclaredScale };

/** When a change of answers is believed. */
export type DeclaredHysteresis = {
  readonly riseMaster: number | null;
  readonly fallMaster: number | null;
  readonly riseBackup: number | null;
  readonly fallBackup: number | null;
  readonly holdDown: Duration;
  readonly minGood: Duration;
  readonly jitter: Duration;
  readonly flapPenalty: {
    readonly perFlap: number;
    readonly suppress: number;
    readonly reuse: number;
    readonly halfLife: Duration;
    readonly maxSuppress: Duration;
  } | null;
};

export type DeclaredCheck = {
  readonly name: string;
  readonly place: Place;
  readonly probe: DeclaredProbe;
  readonly interval: Duration;
  /** Null: the interval. */
  readonly timeout: Duration | null;
  /** Of a metric the largest it can give, either way. */
  readonly weight: number;
  readonly reverse: boolean;
  readonly rise: number;
  readonly fall: number;
  readonly initFail: boolean;
  readonly source: IpAddress | null;
  readonly device: string | null;
  /** A good answer that took longer is bad; null for any time below the timeout. */
  readonly latency: Duration | null;
  readonly hysteresis: DeclaredHysteresis;
};
