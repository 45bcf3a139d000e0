// What a reload changes, instance by instance, and whether it moves an address: told of the turn that
// the fold would take, so that the plan and the reload cannot differ.

import type { RouterConfig, RouterKey, VirtualAddress } from "../core/config.ts";
import type { Foresight, Outlook } from "../core/foresee.ts";
import { placeOf } from "../core/holdings.ts";
import type { Reason } from "../core/reason.ts";
import { same } from "../core/same.ts";
import { type PhaseName, type RouterState, routerOf } from "../core/state.ts";
import { inSeconds } from "../core/time.ts";

/** `now`: with the reload; `expected`: soon after it, by what the Master says; `possible`: it depends on what neighbours have. */
export type Transition = "none" | "possible" | "expected" | "now";

/** One setting, in the words of keepalived.conf, with units; passwords are never told. */
export type FieldChange = { readonly field: string; readonly from: string; readonly to: string };

export type AddressChange = {
  readonly address: string;
  readonly change: "added" | "removed" | "changed";
  /** The instance it comes from or goes to, when it moves between two. */
  readonly instance: string | null;
};

export type InstancePlan = {
  readonly name: string;
  readonly router: RouterKey;
  readonly action: "unchanged" | "changed" | "added" | "removed";
  readonly from: PhaseName | null;
  readonly to: PhaseName | null;
  readonly transition: Transition;
  readonly why: string;
  readonly fields: readonly FieldChange[];
  readonly addresses: readonly AddressChange[];
  /** The priority of an advertisement that goes out at once; null when none does. */
  readonly advertAtOnce: number | null;
};

export type Plan = {
  readonly schema: 1;
  readonly file: string;
  /** What it was compared with: the running daemon, another file, or nothing. */
  readonly against: string;
  readonly transition: Transition;
  /** Why this machine refuses it, in sentences; empty when it does not. */
  readonly refused: readonly string[];
  readonly instances: readonly InstancePlan[];
};

/** What becomes of a reload. `diagnostics` are those of config/diagnostic.ts. */
export type ReloadOutcome = {
  readonly schema: 1;
  readonly outcome: "planned" | "done" | "errors" | "refused";
  readonly diagnostics: readonly unknown[];
  readonly plan: Plan | null;
  /** What the machine did not do of it, in sentences; known when somebody waited for it. */
  readonly failures: readonly string[];
};

const ORDER: readonly Transition[] = ["none", "possible", "expected", "now"];
const greatest = (all: readonly Transition[]): Transition =>
  all.reduce((most, one) => (ORDER.indexOf(one) > ORDER.indexOf(most) ? one : most), "none");

/** Tells what was foreseen. */
export function planOf(
  foresight: Foresight,
  { file, against, refused }: Pick<Plan, "file" | "against" | "refused">,
): Plan {
  const { before, state } = foresight.turn;
  const around = { foresight, moves: movesOf(before.routers, state.routers), adverts: advertsIn(foresight) };
  const leaving = before.routers.filter(({ config }) => routerOf(state, config.key) === undefined);
  const instances = [
    ...state.routers.map((router) => instanceOf(around, routerOf(before, router.config.key), router)),
    ...leaving.map((router) => instanceOf(around, router, undefined)),
  ];
  const transition = greatest(instances.map((instance) => instance.transition));
  return { schema: 1, file, against, transition, refused, instances };
}

/** A plan in one line, for logs: `1 changed, 48 unchanged; VI_1: it takes over from …`. */
export function whatChanges(plan: Plan | null): string {
  if (plan === null) return "nothing is known";
  const count = (action: InstancePlan["action"]): readonly string[] => {
    const n = plan.instances.filter((instance) => instance.action === action).length;
    return n === 0 ? [] : [`${n} ${action}`];
  };
  const counts = (["changed", "added", "removed", "unchanged"] as const).flatMap(count);
  const moving = plan.instances.filter(({ transition }) => transition !== "none");
  const reasons = moving.map(({ name, why }) => `${name}: ${why}`);
  return [counts.join(", ") || "no instances", ...(reasons.length === 0 ? ["no transition"] : reasons)].join("; ");
}

type Around = {
  readonly foresight: Foresight;
  readonly moves: Moves;
  /** The priorities of advertisements that go out at once. */
  readonly adverts: ReadonlyMap<RouterKey, number>;
};

/** Of two of one router, the first. */
const advertsIn = ({ turn }: Foresight): ReadonlyMap<RouterKey, number> =>
  new Map(
    turn.effects
      .toReversed()
      .flatMap((effect) => (effect.type === "sendAdvert" ? [[effect.router, effect.priority] as const] : [])),
  );

function instanceOf(
  { foresight: { outlooks, resigned }, moves, adverts }: Around,
  was: RouterState | undefined,
  now: RouterState | undefined,
): InstancePlan {
  const router = now ?? was;
  if (router === undefined) throw new Error("a router that was not and will not be");
  const { key, name } = router.config;
  const changed = was !== undefined && now !== undefined && was.config !== now.config;
  return {
    name,
    router: key,
    action: was === undefined ? "added" : now === undefined ? "removed" : changed ? "changed" : "unchanged",
    from: was?.phase.name ?? null,
    to: now?.phase.name ?? null,
    ...(earlier(now, resigned.get(key)) ?? verdictOn(was, now, outlooks.get(key) ?? { type: "nothing" })),
    fields: changed ? fieldsOf(was.config, now.config) : [],
    addresses: addressesOf(was?.config, now?.config, moves),
    advertAtOnce: adverts.get(key) ?? null,
  };
}

// ---------------------------------------------------------------- whether, and why

type Verdict = Pick<InstancePlan, "transition" | "why">;

function verdictOn(was: RouterState | undefined, now: RouterState | undefined, outlook: Outlook): Verdict {
  const [from, to] = [was?.phase.name, now?.phase.name];
  if (now === undefined) return ofLeaving(from === "master");
  if (from === "master" && to !== "master")
    return { transition: "now", why: `it resigns: ${now.phase.because.replaceAll("_", " ")}` };
  if (from !== "master" && to === "master") return { transition: "now", why: "the owner of the addresses takes them" };
  if (was === undefined) return { transition: "none", why: STARTS[now.phase.name] };
  if (from !== to)
    return { transition: "none", why: `${from} becomes ${to}: ${now.phase.because.replaceAll("_", " ")}` };
  return ofOutlook(outlook, now.phase.name);
}

/** Whoever loses his interface before the change resigns, even if he is Master again after it. */
function earlier(now: RouterState | undefined, because: Reason | undefined): Verdict | null {
  if (now === undefined || because === undefined) return null;
  const why = because === "link_down" ? "its interface is replaced" : because.replaceAll("_", " ");
  return { transition: "now", why: `it resigns: ${why}` };
}

const ofLeaving = (master: boolean): Verdict =>
  master
    ? { transition: "now", why: "it resigns and lets its addresses go" }
    : { transition: "none", why: "it holds no address" };

const STARTS: Readonly<Record<PhaseName, string>> = {
  initialize: "it waits for the start",
  backup: "it starts as Backup, and becomes Master if it hears nobody",
  master: "it starts as Master",
  fault: "it starts in FAULT",
};

function ofOutlook(outlook: Outlook, phase: PhaseName): Verdict {
  switch (outlook.type) {
    case "nothing":
      return { transition: "none", why: `it stays ${phase}` };
    case "deaf":
      return {
        transition: "expected",
        why:
          `the advertisements of the Master ${outlook.master.source} would be refused (${outlook.about.join(", ")}), ` +
          "and this router would become Master beside it; change the Master first",
      };
    case "preempts":
      return {
        transition: "expected",
        why: `it takes over from ${outlook.master.source}, whose priority is ${outlook.master.priority}`,
      };
    case "unheard":
      return {
        transition: "possible",
        why: `Backups that still have the old ${outlook.about.join(", ")} do not hear it any more, and take over beside it`,
      };
    case "weaker":
      return {
        transition: "possible",
        why: `a Backup with a priority above ${outlook.priority} takes over`,
      };
  }
}

// ---------------------------------------------------------------- what differs

const AUTHENTICATION = { none: "none", pass: "PASS", ah: "AH" } as const;

function transportText({ to, trackSource }: RouterConfig["transport"]): string {
  const tracked = trackSource ? ", source tracked" : "";
  if (to.type === "multicast") return `to ${to.group}${tracked}`;
  const peers = to.peers.map(({ address, minTtl, maxTtl }) => `${address} (TTL ${minTtl}..${maxTtl})`).join(" ");
  return `to ${peers || "nobody"} with TTL ${to.ttl}${to.checkSource ? "" : ", any sender"}${tracked}`;
}

const onOff = (value: boolean): string => (value ? "on" : "off");

/** Every setting of a router but its addresses, as people read it. */
const FIELDS: readonly (readonly [string, (config: RouterConfig) => string])[] = [
  ["vrrp_instance", ({ name }) => name],
  ["version", ({ version }) => String(version)],
  ["priority", ({ basePriority }) => String(basePriority)],
  ["advert_int", ({ adverInterval }) => inSeconds(adverInterval)],
  ["down_timer_adverts", ({ downTimerAdverts }) => String(downTimerAdverts)],
  ["nopreempt", ({ preempt }) => onOff(!preempt)],
  ["preempt_delay", ({ preemptDelay }) => inSeconds(preemptDelay)],
  ["authentication", ({ authentication }) => AUTHENTICATION[authentication.type]],
  ["transport", ({ transport }) => transportText(transport)],
  ["source", ({ transport }) => transport.source ?? "the interface's first"],
  ["strict_checksum", ({ conduct }) => onOff(conduct.strictChecksum)],
  ["v3_checksum_as_v2", ({ v3Checksum }) => onOff(v3Checksum === "plain")],
  ["garp_master_repeat", ({ announce }) => String(announce.masterRepeat)],
  ["garp_master_delay", ({ announce }) => inSeconds(announce.masterDelay)],
  ["garp_master_refresh", ({ announce }) => inSeconds(announce.refresh)],
  ["garp_master_refresh_repeat", ({ announce }) => String(announce.refreshRepeat)],
  ["garp_lower_prio_repeat", ({ announce }) => String(announce.lowerPriorityRepeat)],
  ["garp_lower_prio_delay", ({ announce }) => inSeconds(announce.lowerPriorityDelay)],
];

function fieldsOf(was: RouterConfig, now: RouterConfig): readonly FieldChange[] {
  const fields: FieldChange[] = [];
  for (const [field, read] of FIELDS) {
    const [from, to] = [read(was), read(now)];
    if (from !== to) fields.push({ field, from, to });
  }
  const passwords =
    was.authentication.type !== "none" &&
    now.authentication.type !== "none" &&
    was.authentication.password !== now.authentication.password
      ? [{ field: "auth_pass", from: "(not told)", to: "(another)" }]
      : [];
  return [...fields, ...passwords];
}

const textOf = ({ address, prefixLength }: VirtualAddress): string => `${address}/${prefixLength}`;

/** Which instance has an address before, and which after. */
type Moves = { readonly before: () => ReadonlyMap<string, string>; readonly after: () => ReadonlyMap<string, string> };

const holdersOf = (routers: readonly RouterState[]): ReadonlyMap<string, string> =>
  new Map(routers.flatMap(({ config }) => config.virtualAddresses.map((own) => [placeOf(own), config.name] as const)));

/** Asked for when an address changes. */
function movesOf(before: readonly RouterState[], after: readonly RouterState[]): Moves {
  const once = (routers: readonly RouterState[]): (() => ReadonlyMap<string, string>) => {
    let holders: ReadonlyMap<string, string> | null = null;
    return () => {
      holders ??= holdersOf(routers);
      return holders;
    };
  };
  return { before: once(before), after: once(after) };
}

function addressesOf(
  was: RouterConfig | undefined,
  now: RouterConfig | undefined,
  { before, after }: Moves,
): readonly AddressChange[] {
  if (was === now) return [];
  const [old, kept] = [was?.virtualAddresses ?? [], now?.virtualAddresses ?? []];
  if (same(old, kept)) return [];
  const present = new Map(old.map((own) => [placeOf(own), own]));
  const wanted = new Set(kept.map(placeOf));
  const gone = old
    .filter((own) => !wanted.has(placeOf(own)))
    .map((own) => ({ address: textOf(own), change: "removed" as const, instance: after().get(placeOf(own)) ?? null }));
  const come = kept.flatMap((own): readonly AddressChange[] => {
    const there = present.get(placeOf(own));
    if (there === undefined)
      return [{ address: textOf(own), change: "added", instance: before().get(placeOf(own)) ?? null }];
    return same(there, own) ? [] : [{ address: textOf(own), change: "changed", instance: null }];
  });
  return [...gone, ...come];
}
