// Types only: what is declared around the virtual routers.

import type { MailConfig, NotifyConfig, Webhook } from "../agent/core/config.ts";
import type { Duration } from "../agent/core/time.ts";

export type HostPort = { readonly host: string; readonly port: number };

export type DeclaredServices = {
  readonly eventLog: {
    /** Null: in the state directory. */
    readonly directory: string | null;
    readonly retentionMebibytes: number;
    readonly retentionDays: number;
    readonly segmentMebibytes: number;
    readonly recorder: Duration;
    readonly recorderBefore: Duration;
    readonly recorderAfter: Duration;
  };
  /** Null when nothing is shipped. */
  readonly audit: {
    readonly redis: readonly string[];
    readonly sentinels: readonly HostPort[];
    readonly sentinelName: string | null;
    readonly cluster: string;
    /** Null: router_id. */
    readonly node: string | null;
    readonly username: string | null;
    readonly password: { readonly from: "file" | "environment"; readonly name: string } | null;
    readonly tls: Webhook["tls"];
    readonly retentionDays: number;
  } | null;
  readonly control: { readonly socket: string | null; readonly group: string | null; readonly mode: number };
  readonly metrics: { readonly listen: readonly HostPort[]; readonly keepalivedExporter: boolean };
};

/** The sender and the EHLO of a host without a word about either need its name, which `lower` knows. */
export type DeclaredNotify = Omit<NotifyConfig, "mail"> & {
  readonly mail:
    | (Omit<MailConfig, "from" | "helo"> & { readonly from: string | null; readonly helo: string | null })
    | null;
};
