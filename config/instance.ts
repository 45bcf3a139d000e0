// vrrp_instance: what one virtual router is declared to be, with Keepalived's documented
// corrections made and told.

import { type Family, familyOf, isLinkLocal } from "../agent/core/address.ts";
import { microseconds, seconds } from "../agent/core/time.ts";
import { authenticationOf } from "./authentication.ts";
import type { DeclaredGlobals, DeclaredInstance, DeclaredTracks, DeclaredVmac } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { hooksIn } from "./hooks.ts";
import { ownWordsOf } from "./own-words.ts";
import { extraIn } from "./pacing.ts";
import { routeLine } from "./routes.ts";
import { ruleLine } from "./rules.ts";
import { boolIn, entryOf, has, linesIn, numberIn, readLines, type Section, textIn } from "./section.ts";
import type { Place } from "./source.ts";
import { straightened } from "./strict.ts";
import { placeOf } from "./syntax.ts";
import { adverIntervalOf, announceOf } from "./timing.ts";
import { type TrackKinds, tracksIn, withoutWeights } from "./tracks.ts";
import { advertised, type MtuOf, type Transport, transportOf, withinPacket } from "./transport.ts";
import { vmacOf } from "./vmac.ts";

export type InstanceContext = {
  readonly globals: DeclaredGlobals;
  readonly kinds: TrackKinds;
  /** The sync group of an instance, by the instance's name. */
  readonly groupOf: ReadonlyMap<string, { readonly name: string; readonly trackingWeight: boolean }>;
  readonly mtuOf: MtuOf;
  readonly report: Report;
};

/** Everything one vrrp_instance says. */
export function declareInstance(section: Section, context: InstanceContext): DeclaredInstance {
  const { globals, report } = context;
  const transport = transportOf(section, globals, report);
  const all = advertised(section, transport, report);
  const { family } = all;
  const version = versionOf(section, family, globals, report);
  const strict = boolIn(section, "strict_mode") ?? globals.strict;
  if (all.advertised.length === 0 && linesIn(section, "virtual_ipaddress").length === 0)
    noAddresses(section, version, strict, report);
  const authentication = authenticationOf(section, version, strict, report);
  const device = interfaceOf(section, transport, report);
  const packets = { version, authentication, interface: device };
  const { advertised: addresses, excluded } = withinPacket(all, packets, context.mtuOf, report);
  const wished = stateOf(section, report);
  const priority = priorityOf(section, wished, report);
  const { vmac, source } = vmacOf(section, report);
  const group = context.groupOf.get(section.label);
  const placeFor = (name: string): Place => entryOf(section, name)?.place ?? section.place;
  const declared: DeclaredInstance = {
    name: section.label,
    place: section.place,
    state: group === undefined ? startsAs(section, wished, priority, strict, authentication, report) : "BACKUP",
    interface: device,
    interfacePlace: placeFor("interface"),
    vrid: vridOf(section, report),
    priority,
    priorityPlace: placeFor("priority"),
    adverInterval: adverIntervalOf(section, version, report),
    intervalPlace: placeFor("advert_int"),
    version,
    versionPlace: placeFor("version"),
    family,
    ...preemptionOf(section, wished, priority, report),
    downTimerAdverts: numberIn(section, "down_timer_adverts") ?? globals.downTimerAdverts,
    authentication,
    ...switchesOf(section, globals, strict, vmac, report),
    strict,
    addresses,
    excluded,
    ...transport,
    source: transport.source ?? source,
    sourcePlace: placeFor(has(section, "unicast_src_ip") ? "unicast_src_ip" : "mcast_src_ip"),
    vmac,
    useVmacAddr: has(section, "use_vmac_addr"),
    routes: readLines(section, "virtual_routes", routeLine, report),
    rules: readLines(section, "virtual_rules", ruleLine, report),
    tracks: membersTracks(tracksIn(section, context.kinds, report), group, report),
    hooks: hooksIn(section),
    announce: announceOf(section, globals, strict, report),
    extra: extraIn(section, "garp_extra_if", 0, report) ?? globals.extra ?? { every: 0, all: false },
    group: group?.name ?? null,
    ...ownWordsOf(section, context),
  };
  return strict ? { ...declared, ...straightened(declared, placeFor, report) } : declared;
}

function noAddresses(section: Section, version: 2 | 3, strict: boolean, report: Report): void {
  if (has(section, "no_virtual_ipaddress") && !strict) return;
  const needed = version === 3 || strict;
  const why = needed ? `has no address, and ${strict ? "strict mode" : "VRRPv3"} needs one` : "has no address to hold";
  report(
    problem(
      needed ? "H0211" : "H0210",
      section.place,
      `vrrp_instance ${section.label} ${why}`,
      "write one into virtual_ipaddress { }",
    ),
  );
}

type Switches =
  | "accept"
  | "skipCheckAdvAddr"
  | "dontTrackPrimary"
  | "promoteSecondaries"
  | "v3ChecksumAsV2"
  | "strictChecksum"
  | "lowerPrioNoAdvert"
  | "higherPrioSendAdvert"
  | "ownerIgnoreAdverts"
  | "timerExpiredBackup"
  | "smtpAlert";

/** What is on or off. */
function switchesOf(
  section: Section,
  globals: DeclaredGlobals,
  strict: boolean,
  vmac: DeclaredVmac | null,
  report: Report,
): Pick<DeclaredInstance, Switches> {
  const promote = entryOf(section, "promote_secondaries");
  if (promote !== undefined && vmac !== null)
    report(
      problem("H0405", promote.place, "promote_secondaries is always set on a virtual MAC's interface", "remove it"),
    );
  return {
    accept: acceptOf(section, strict, report),
    skipCheckAdvAddr: skipCheckOf(section, globals, report),
    dontTrackPrimary: has(section, "dont_track_primary"),
    promoteSecondaries: promote !== undefined && vmac === null,
    v3ChecksumAsV2: boolIn(section, "v3_checksum_as_v2") ?? globals.v3ChecksumAsV2,
    strictChecksum: boolIn(section, "strict_checksum") ?? globals.strictChecksum,
    lowerPrioNoAdvert: boolIn(section, "lower_prio_no_advert") ?? (globals.lowerPrioNoAdvert || strict),
    higherPrioSendAdvert: boolIn(section, "higher_prio_send_advert") ?? globals.higherPrioSendAdvert,
    ownerIgnoreAdverts: boolIn(section, "owner_ignore_adverts") ?? (globals.ownerIgnoreAdverts || strict),
    timerExpiredBackup: has(section, "timer_expired_backup")
      ? (numberIn(section, "timer_expired_backup") ?? 254)
      : null,
    smtpAlert: boolIn(section, "smtp_alert") ?? globals.smtpAlert,
  };
}

/** Keepalived takes any word behind it for on. */
function skipCheckOf(section: Section, globals: DeclaredGlobals, report: Report): boolean {
  const said = entryOf(section, "skip_check_adv_addr");
  if (said?.value === false)
    report(
      problem(
        "H0406",
        said.place,
        "skip_check_adv_addr off: Keepalived takes it for on whatever stands behind it; heird takes it for off",
        "remove the line to mean off with both",
      ),
    );
  return boolIn(section, "skip_check_adv_addr") ?? globals.skipCheckAdvAddr;
}

const membersTracks = (
  tracks: DeclaredTracks,
  group: { readonly name: string; readonly trackingWeight: boolean } | undefined,
  report: Report,
): DeclaredTracks =>
  group === undefined || group.trackingWeight ? tracks : withoutWeights(tracks, group.name, report);

/** The state wished for, where nothing forbids it. */
function startsAs(
  section: Section,
  wished: "MASTER" | "BACKUP",
  priority: number,
  strict: boolean,
  authentication: DeclaredInstance["authentication"],
  report: Report,
): "MASTER" | "BACKUP" {
  const at = entryOf(section, "state");
  if (wished === "BACKUP" || at === undefined) return "BACKUP";
  if (strict && priority !== 255) {
    report(
      problem(
        "H0405",
        at.place,
        "strict mode: only the owner of the addresses, of priority 255, starts as Master",
        "write state BACKUP",
      ),
    );
    return "BACKUP";
  }
  if (authentication?.type === "AH") {
    report(
      problem(
        "H0405",
        at.place,
        "auth_type AH: nobody starts as Master, for the sequence number must be heard first",
        "write state BACKUP",
      ),
    );
    return "BACKUP";
  }
  return "MASTER";
}

function stateOf(section: Section, report: Report): "MASTER" | "BACKUP" {
  const state = textIn(section, "state") ?? "BACKUP";
  if (state === "MASTER" || state === "BACKUP") return state;
  const word = entryOf(section, "state")?.args[0];
  const meant = state.toUpperCase();
  if (word !== undefined)
    report(
      problem(
        "H0115",
        placeOf(word),
        `state ${state} is none and means BACKUP`,
        meant === "MASTER" ? "write MASTER if you mean it" : "write BACKUP",
      ),
    );
  return "BACKUP";
}

function priorityOf(section: Section, state: "MASTER" | "BACKUP", report: Report): number {
  const priority = numberIn(section, "priority");
  if (priority !== undefined) return priority;
  const given = entryOf(section, "state");
  if (state === "BACKUP" || given === undefined || has(section, "priority")) return 100;
  report(
    problem(
      "H0302",
      given.place,
      "state MASTER without a priority means 255: the owner of the addresses",
      "write the priority",
    ),
  );
  return 255;
}

function interfaceOf(section: Section, { unicast, peers }: Transport, report: Report): string | null {
  const name = textIn(section, "interface");
  if (name === "lo") {
    const word = entryOf(section, "interface")?.args[0];
    if (word !== undefined)
      report(
        problem(
          "H0108",
          placeOf(word),
          "lo cannot carry VRRP",
          "name the interface of the network that the addresses belong to",
        ),
      );
    return null;
  }
  if (has(section, "interface")) return name ?? null;
  // Unicast goes where the routing table says; of a link-local peer, and of addresses, that says nothing.
  const held = [...linesIn(section, "virtual_ipaddress"), ...linesIn(section, "virtual_ipaddress_excluded")];
  const placed = held.every(({ words }) => words.some(({ text }) => text === "dev"));
  const far = peers.every(({ address }) => familyOf(address) === "ipv4" || !isLinkLocal(address));
  const routed = unicast && far && placed;
  if (!routed)
    report(
      problem(
        "H0204",
        section.place,
        `vrrp_instance ${section.label} names no interface`,
        "write interface NAME into it",
      ),
    );
  return name ?? null;
}

function vridOf(section: Section, report: Report): number | null {
  if (!has(section, "virtual_router_id"))
    report(
      problem(
        "H0204",
        section.place,
        `vrrp_instance ${section.label} has no virtual_router_id`,
        "write virtual_router_id and a number in 1..255 that no other virtual router of the network has",
      ),
    );
  return numberIn(section, "virtual_router_id") ?? null;
}

function versionOf(section: Section, family: Family, globals: DeclaredGlobals, report: Report): 2 | 3 {
  const said = numberIn(section, "version");
  if (family === "ipv6" && said === 2) {
    const at = entryOf(section, "version");
    if (at !== undefined)
      report(problem("H0116", at.place, "VRRPv2 has no IPv6", "write version 3, or leave the line out"));
    return 2;
  }
  if (family === "ipv6" || said === 3) return 3;
  return said === 2 ? 2 : globals.version;
}

function preemptionOf(
  section: Section,
  state: "MASTER" | "BACKUP",
  priority: number,
  report: Report,
): Pick<DeclaredInstance, "preempt" | "preemptDelay"> {
  const nopreempt = entryOf(section, "nopreempt");
  const preempt = entryOf(section, "preempt");
  const delay = numberIn(section, "preempt_delay") ?? 0;
  const delayAt = entryOf(section, "preempt_delay")?.place ?? section.place;
  let refused =
    nopreempt !== undefined &&
    (preempt === undefined || section.entries.indexOf(nopreempt) > section.entries.indexOf(preempt));
  if (refused && nopreempt !== undefined && (state === "MASTER" || priority === 255)) {
    const why = state === "MASTER" ? "state MASTER" : "priority 255";
    report(
      problem(
        "H0405",
        nopreempt.place,
        `nopreempt is cleared by ${why}`,
        state === "MASTER"
          ? "write state BACKUP on every router of a virtual router with nopreempt"
          : "remove it: the owner of the addresses always takes them",
      ),
    );
    refused = false;
  }
  if (delay > 0 && state === "MASTER") {
    report(problem("H0405", delayAt, "preempt_delay is cleared by state MASTER", "write state BACKUP to keep it"));
    return { preempt: !refused, preemptDelay: seconds(0) };
  }
  if (delay > 0 && refused) {
    report(
      problem(
        "H0405",
        delayAt,
        "preempt_delay is cleared by nopreempt: what never preempts needs no delay",
        "remove one of them",
      ),
    );
    return { preempt: false, preemptDelay: seconds(0) };
  }
  return { preempt: !refused, preemptDelay: microseconds(delay * 1_000_000) };
}

function acceptOf(section: Section, strict: boolean, report: Report): boolean {
  const accept = entryOf(section, "accept");
  const refuse = entryOf(section, "no_accept");
  if (accept !== undefined && refuse !== undefined)
    report(
      problem(
        "H0405",
        refuse.place,
        "accept and no_accept exclude each other; the last one counts",
        "remove one of them",
        [noteAt(accept.place, "the other one")],
      ),
    );
  if (accept === undefined && refuse === undefined) return !strict;
  return (
    accept !== undefined && (refuse === undefined || section.entries.indexOf(accept) > section.entries.indexOf(refuse))
  );
}
