// Who else says to have an address that is ours, as observations: the neighbours believe whoever spoke
// last, so a Master has to know.

import { Observable } from "rxjs";
import type { IpAddress } from "../core/address.ts";
import type { Observation } from "../core/event.ts";
import { heldBy } from "../core/holdings.ts";
import { type AgentState, type RouterState, routerOf, type Turn } from "../core/state.ts";
import { type Duration, type Instant, seconds, since } from "../core/time.ts";
import type { ClaimFrame, Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";
import { claimIn } from "../wire/claim.ts";
import { printMac } from "../wire/mac.ts";

/**
 * The same claim is told again after a second, then after two, four and so on up to a minute; somebody
 * who was silent for so long begins anew. What came in between is told at the end of the wait, whether he
 * says it again or not: the neighbours believe his last word until it is answered.
 */
const FIRST: Duration = seconds(1);
const LONGEST: Duration = seconds(60);
/** Claims that are remembered; a flood from invented stations may not fill the memory. */
const REMEMBERED = 1_024;

/** Calls `step` after so long. */
type Pause = (span: Duration, step: () => void) => void;

/** A wait keeps nobody alive. */
const waiting: Pause = (span, step) => void setTimeout(step, Math.ceil(span / 1_000)).unref();

/** Listens while, and for what, some router is Master. */
export const claims =
  (
    kernel: Pick<Kernel, "hearClaims" | "interfaces" | "now">,
    later: (step: () => void) => void = setImmediate,
    pause: Pause = waiting,
  ): Driver =>
  (turns$) =>
    new Observable<Observation>((subscriber) => {
      /** Gathered when it is first asked for: at a take-over of thousands other things come first. */
      let held: Held | null = null;
      const isListenedFor = (place: string): boolean => {
        held ??= heldIn(listenedTo);
        return held.has(place);
      };
      const isHeld = ({ interface: iface, address }: Claimed): boolean => heldIn(routers).has(`${iface} ${address}`);
      const limited = createLimit(kernel.now, pause, (seen) => {
        if (isHeld(seen)) subscriber.next(seen);
      });
      let scheduled = false;
      let routers: readonly RouterState[] = [];
      let listenedTo: readonly RouterState[] = [];

      const hear = ({ interface: iface, frame }: ClaimFrame): void => {
        const claim = claimIn(frame);
        if (claim === undefined || !isListenedFor(`${iface} ${claim.address}`) || isOurs(kernel, claim.mac)) return;
        // Who has just let go of it is not meant.
        const claimed = { interface: iface, address: claim.address, mac: printMac(claim.mac) };
        if (!scheduled || isHeld(claimed)) limited(claimed);
      };
      /** Routers go Master in crowds; what they hold is gathered once, and the kernel is told once. */
      const listen = (): void => {
        scheduled = false;
        [held, listenedTo] = [null, routers];
        // Without CAP_NET_RAW the sockets for advertisements have been refused before.
        kernel.hearClaims(addressesIn(routers), hear);
      };
      const turns = turns$.subscribe((turn) => {
        routers = turn.state.routers;
        if (scheduled || !changesMasters(turn)) return;
        scheduled = true;
        later(listen);
      });
      return () => {
        turns.unsubscribe();
        [held, routers, listenedTo] = [null, [], []];
        kernel.hearClaims([], hear);
      };
    });

/** What Masters hold, by interface and address. */
type Held = ReadonlySet<string>;

function heldIn(routers: readonly RouterState[]): Held {
  const held = new Set<string>();
  for (const router of routers)
    if (isMaster(router))
      for (const own of heldBy(router.config).addresses) held.add(`${own.interface} ${own.address}`);
  return held;
}

function addressesIn(routers: readonly RouterState[]): readonly IpAddress[] {
  const addresses = new Set<IpAddress>();
  for (const router of routers)
    if (isMaster(router)) for (const { address } of heldBy(router.config).addresses) addresses.add(address);
  return [...addresses];
}

/** Whether a turn changed what Masters hold. */
function changesMasters({ before, state, event: { seen } }: Turn): boolean {
  if (before.routers === state.routers) return false;
  // Packets and deadlines move one router only.
  if (seen.type !== "advertReceived" && seen.type !== "deadlineReached") return mastersDiffer(before, state);
  return isMaster(routerOf(before, seen.router)) !== isMaster(routerOf(state, seen.router));
}

const isMaster = (router: RouterState | undefined): boolean => router?.phase.name === "master";

const mastersDiffer = (before: AgentState, state: AgentState): boolean =>
  before.config !== state.config || before.routers.some((was, i) => isMaster(was) !== isMaster(state.routers[i]));

/** Our own words may come back by another interface, or from a bridge that loops. */
const isOurs = ({ interfaces }: Pick<Kernel, "interfaces">, mac: Uint8Array): boolean =>
  [...interfaces.values()].some(
    (iface) => iface.mac.length === mac.length && iface.mac.every((byte, i) => byte === mac[i]),
  );

type Seen = Extract<Observation, { type: "addressClaimed" }>;
type Claimed = Omit<Seen, "type" | "count">;
/** `count` of them have not been told yet. */
type Told = { readonly told: Instant; readonly heard: Instant; readonly wait: Duration; readonly count: number };

function createLimit(now: () => Instant, pause: Pause, tell: (seen: Seen) => void) {
  const known = new Map<string, Told>();
  /** Stations beyond what is remembered are one kind; room is made by those that fell silent. */
  const kindOf = (exact: string, coarse: string, at: Instant): string => {
    if (known.size < REMEMBERED || known.has(exact)) return exact;
    const [oldest] = known;
    if (oldest !== undefined && since(oldest[1].heard, at) >= LONGEST) known.delete(oldest[0]);
    return known.size < REMEMBERED ? exact : coarse;
  };
  /** The wait is over: what came meanwhile is told, as the last one had it. */
  const catchUp = (kind: string, claimed: Claimed): void => {
    const last = known.get(kind);
    const at = now();
    if (last === undefined || last.count === 0) return;
    known.set(kind, { ...last, told: at, wait: Math.min(LONGEST, last.wait * 2) as Duration, count: 0 });
    tell({ type: "addressClaimed", ...claimed, count: last.count });
  };
  return (claimed: Claimed): void => {
    const at = now();
    const kind = kindOf(`${claimed.interface} ${claimed.address} ${claimed.mac}`, claimed.interface, at);
    const last = known.get(kind);
    // The longest silent is the first.
    known.delete(kind);
    if (last === undefined || since(last.heard, at) >= LONGEST) {
      known.set(kind, { told: at, heard: at, wait: FIRST, count: 0 });
      tell({ type: "addressClaimed", ...claimed, count: 1 });
      return;
    }
    known.set(kind, { ...last, heard: at, count: last.count + 1 });
    const left = Math.max(0, last.wait - since(last.told, at)) as Duration;
    if (last.count === 0) pause(left, () => catchUp(kind, claimed));
  };
}
