// What a keyword is, as data. The loader, the reference page, completion and the warning "known,
// not honoured" all read the same rows.

/**
 * How far heird goes with a keyword. This column decides what a configuration that uses it gets:
 * - `honoured`: done.
 * - `pending`: understood; a later release does it. One warning per keyword and file.
 * - `required`: as pending, but who is elected, what is sent or which addresses are held would be
 *   another without it. A configuration that needs it is refused, because a router that silently
 *   multicasts or skips a check is worse than one that does not start.
 * - `ignored`: not heird's business (load balancing, Keepalived's processes). One warning.
 */
export type Support = "honoured" | "pending" | "required" | "ignored";

export type LineKind =
  | "addresses"
  | "routes"
  | "rules"
  | "peers"
  | "trackedInterfaces"
  | "trackedScripts"
  | "trackedFiles"
  | "trackedProcesses"
  | "trackedBfds"
  | "trackedChecks"
  | "witnesses"
  | "names"
  | "mails"
  | "delays"
  | "linkbeats"
  | "keys";

export type BlockName =
  | "root"
  | "global_defs"
  | "vrrp_instance"
  | "authentication"
  | "auth_hmac"
  | "vrrp_sync_group"
  | "vrrp_script"
  | "track_file"
  | "vrrp_track_process"
  | "bfd_instance"
  | "garp_group"
  | "track_group"
  | "vrrp_check"
  | "metric"
  | "flap_penalty"
  | "hook_policy"
  | "webhook"
  | "event_log"
  | "audit"
  | "control"
  | "metrics";

/** What follows the keyword. */
export type Shape =
  | { readonly kind: "flag" }
  /** on|off|true|false|yes|no; `bare` is what the keyword alone means. */
  | { readonly kind: "bool"; readonly bare: boolean | null }
  | {
      readonly kind: "number";
      readonly min: number;
      readonly max: number;
      readonly unit: string;
      readonly whole: boolean;
      /** What the keyword alone means; null when it needs a value. */
      readonly bare: number | null;
    }
  | { readonly kind: "text"; readonly what: string; readonly optional: boolean }
  | { readonly kind: "texts"; readonly what: string; readonly min: number; readonly max: number }
  | { readonly kind: "choice"; readonly of: readonly string[]; readonly bare: string | null }
  | { readonly kind: "interface" }
  | { readonly kind: "address"; readonly family: "ipv4" | "ipv6" | "any"; readonly multicast: boolean }
  | { readonly kind: "command"; readonly optional: boolean }
  | { readonly kind: "weight"; readonly limit: number }
  | { readonly kind: "block"; readonly block: BlockName; readonly named: boolean }
  | { readonly kind: "lines"; readonly of: LineKind }
  /** A block of the load balancer: skipped to its brace. */
  | { readonly kind: "skip" };

export type Keyword = {
  readonly name: string;
  /** Old and misprinted names that mean the same. */
  readonly aliases: readonly string[];
  readonly shape: Shape;
  readonly support: Support;
  /** As written in the file; empty for none. */
  readonly default: string;
  /** The Keepalived release that brought it, when older ones are still in use; empty otherwise. */
  readonly since: string;
  /** Which counts when it is given twice. */
  readonly twice: "last" | "first" | "both";
  /** What to write instead of an old keyword; empty for none. */
  readonly instead: string;
  /** Whether it is heird's own, and unknown to every Keepalived. */
  readonly own: boolean;
  readonly doc: string;
};

type More = Partial<Pick<Keyword, "aliases" | "default" | "since" | "twice" | "instead" | "own">>;

/** One row of the table. */
export const row = (name: string, shape: Shape, support: Support, doc: string, more: More = {}): Keyword => ({
  name,
  aliases: [],
  shape,
  support,
  default: "",
  since: "",
  instead: "",
  own: false,
  twice:
    shape.kind === "command"
      ? "first"
      : shape.kind === "lines" || shape.kind === "block" || shape.kind === "skip"
        ? "both"
        : "last",
  doc,
  ...more,
});

/** One row of the table that no Keepalived has. */
export const own = (name: string, shape: Shape, support: Support, doc: string, more: More = {}): Keyword =>
  row(name, shape, support, doc, { ...more, own: true });

/** The oldest Keepalived that is still widely run; what it does not know is not portable. */
export const PORTABLE_TO = "2.2.7";

/** For keywords that 2.2.7 lacks and whose first release is not known. */
export const AFTER_PORTABLE = "after 2.2.7";

/** Whether Keepalived 2.2.7 lacks it. */
export const isNewer = ({ since }: Pick<Keyword, "since">): boolean => since > PORTABLE_TO;

export const flag: Shape = { kind: "flag" };
/** A boolean whose keyword alone means yes. */
export const bool: Shape = { kind: "bool", bare: true };
export const whole = (min: number, max: number, unit = "", bare: number | null = null): Shape => ({
  kind: "number",
  min,
  max,
  unit,
  whole: true,
  bare,
});
export const decimal = (min: number, max: number, unit = "s", bare: number | null = null): Shape => ({
  kind: "number",
  min,
  max,
  unit,
  whole: false,
  bare,
});
export const text = (what: string): Shape => ({ kind: "text", what, optional: false });
export const optionalText = (what: string): Shape => ({ kind: "text", what, optional: true });
export const texts = (what: string, min: number, max: number): Shape => ({ kind: "texts", what, min, max });
export const oneOf = (...of: readonly string[]): Shape => ({ kind: "choice", of, bare: null });
export const command: Shape = { kind: "command", optional: false };
export const weight = (limit: number): Shape => ({ kind: "weight", limit });
export const lines = (of: LineKind): Shape => ({ kind: "lines", of });
export const block = (name: BlockName, named: boolean): Shape => ({ kind: "block", block: name, named });
export const address: Shape = { kind: "address", family: "any", multicast: false };
export const iface: Shape = { kind: "interface" };
