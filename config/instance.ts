// vrrp_instance: what one virtual router is declared to be, with Keepalived's documented
// corrections made and told.

import { type Family, familyOf, type IpAddress } from "../agent/core/address.ts";
import { centiseconds, type Duration, microseconds, seconds } from "../agent/core/time.ts";
import { addressLine } from "./addresses.ts";
import { authenticationOf } from "./authentication.ts";
import type {
  DeclaredAddress,
  DeclaredAnnounce,
  DeclaredGlobals,
  DeclaredInstance,
  DeclaredPeer,
} from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { announceIn } from "./globals.ts";
import { hooksIn } from "./hooks.ts";
import { routeLine } from "./routes.ts";
import { ruleLine } from "./rules.ts";
import { addressIn, boolIn, entryOf, has, linesIn, numberIn, type Section, textIn } from "./schema.ts";
import type { Place } from "./source.ts";
import { placeOf } from "./syntax.ts";
import { peerLines, type TrackKind, trackLines } from "./tracks.ts";
import { vmacOf } from "./vmac.ts";

/** RFC 5798 §5.2.5: the count is one octet. */
const MAX_ADDRESSES = 255;

export type InstanceContext = {
  readonly globals: DeclaredGlobals;
  readonly kinds: TrackKinds;
  /** The sync group of an instance, by the instance's name. */
  readonly groupOf: ReadonlyMap<string, { readonly name: string; readonly trackingWeight: boolean }>;
  readonly report: Report;
};

export type TrackKinds = {
  readonly interfaces: TrackKind;
  readonly scripts: TrackKind;
  readonly files: TrackKind;
  readonly processes: TrackKind;
  readonly bfds: TrackKind;
};

/** Everything one vrrp_instance says. */
export function declareInstance(section: Section, context: InstanceContext): DeclaredInstance {
  const { globals, report } = context;
  const transport = transportOf(section, report);
  const addresses = advertised(section, transport, report);
  const family = addresses.family;
  const version = versionOf(section, family, globals, report);
  const state = stateOf(section, report);
  const priority = priorityOf(section, state, report);
  const strict = boolIn(section, "strict_mode") ?? globals.strict;
  const group = context.groupOf.get(section.label)?.name ?? null;
  const preemption = preemptionOf(section, state, priority, report);
  const nowhere: Place = section.place;
  return {
    name: section.label,
    place: section.place,
    state: group === null ? state : "BACKUP",
    interface: interfaceOf(section, report),
    interfacePlace: entryOf(section, "interface")?.place ?? nowhere,
    vrid: vridOf(section, report),
    priority,
    priorityPlace: entryOf(section, "priority")?.place ?? nowhere,
    adverInterval: adverIntervalOf(section, version, report),
    version,
    versionPlace: entryOf(section, "version")?.place ?? nowhere,
    family,
    ...preemption,
    downTimerAdverts: numberIn(section, "down_timer_adverts") ?? globals.downTimerAdverts,
    authentication: authenticationOf(section, version, strict, report),
    strict,
    accept: acceptOf(section, strict, report),
    skipCheckAdvAddr: boolIn(section, "skip_check_adv_addr") ?? globals.skipCheckAdvAddr,
    dontTrackPrimary: has(section, "dont_track_primary"),
    promoteSecondaries: has(section, "promote_secondaries"),
    v3ChecksumAsV2: boolIn(section, "v3_checksum_as_v2") ?? globals.v3ChecksumAsV2,
    lowerPrioNoAdvert: boolIn(section, "lower_prio_no_advert") ?? globals.lowerPrioNoAdvert,
    higherPrioSendAdvert: boolIn(section, "higher_prio_send_advert") ?? globals.higherPrioSendAdvert,
    addresses: addresses.advertised,
    excluded: addresses.excluded,
    ...transport,
    vmac: vmacOf(section, family, globals, report),
    routes: linesIn(section, "virtual_routes").flatMap((line) => routeLine(line, report) ?? []),
    rules: linesIn(section, "virtual_rules").flatMap((line) => ruleLine(line, report) ?? []),
    tracks: tracksIn(section, context.kinds, report),
    hooks: hooksIn(section),
    smtpAlert: boolIn(section, "smtp_alert") ?? globals.smtpAlert,
    announce: announceOf(section, globals, strict, report),
    group,
  };
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

function interfaceOf(section: Section, report: Report): string | null {
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
  if (!has(section, "interface"))
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

/** RFC 3768 §5.3.7: whole seconds. RFC 5798 §5.2.7: 12 bits of centiseconds. */
function adverIntervalOf(section: Section, version: 2 | 3, report: Report): Duration {
  const said = numberIn(section, "advert_int");
  const word = entryOf(section, "advert_int")?.args[0];
  if (said === undefined || word === undefined) return seconds(1);
  const exact = version === 2 ? Math.max(1, Math.floor(said + 0.5)) : Math.min(4095, Math.round(said * 100)) / 100;
  if (exact !== said) {
    const why =
      version === 2
        ? "VRRPv2 counts whole seconds"
        : said > 40.95
          ? "VRRPv3 has at most 40.95 s"
          : "VRRPv3 counts hundredths of a second";
    report(
      problem(
        "H0106",
        placeOf(word),
        `advert_int ${word.text} becomes ${exact}: ${why}`,
        version === 2 && said < 1 ? "for intervals below a second all routers need version 3" : `write ${exact}`,
      ),
    );
  }
  return version === 2 ? seconds(exact) : centiseconds(Math.round(exact * 100));
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

type Transport = {
  readonly source: IpAddress | null;
  readonly unicast: boolean;
  readonly peers: readonly DeclaredPeer[];
};

function transportOf(section: Section, report: Report): Transport {
  const peers = peerLines(linesIn(section, "unicast_peer"), report);
  const keyword = entryOf(section, "unicast_peer") ?? entryOf(section, "unicast_src_ip");
  if (
    keyword !== undefined &&
    peers.length === 0 &&
    !has(section, "unicast_fault_no_peer") &&
    linesIn(section, "unicast_peer").length === 0
  ) {
    report(
      problem(
        "H0405",
        keyword.place,
        `${keyword.keyword.name} without any unicast_peer: the instance sends to the multicast group`,
        "list the other routers in unicast_peer { }, or write mcast_src_ip",
      ),
    );
  }
  return {
    source: addressIn(section, "unicast_src_ip") ?? addressIn(section, "mcast_src_ip") ?? null,
    unicast: peers.length > 0,
    peers,
  };
}

type Advertised = {
  readonly family: Family;
  readonly advertised: readonly DeclaredAddress[];
  readonly excluded: readonly DeclaredAddress[];
};

/** The addresses: one family in the advertisement, at most 255 of them, the rest excluded. */
function advertised(section: Section, transport: Transport, report: Report): Advertised {
  const read = linesIn(section, "virtual_ipaddress").flatMap((line) => addressLine(line, report) ?? []);
  const first = read[0];
  const decided = first?.address ?? transport.peers[0]?.address ?? transport.source;
  const family = decided === null || decided === undefined ? "ipv4" : familyOf(decided);
  const own = read.filter((one) => {
    if (familyOf(one.address) === family) return true;
    report(
      problem(
        "H0111",
        one.place,
        `${one.address} is of the other family than ${first?.address ?? family}`,
        "move it to virtual_ipaddress_excluded, or make a second vrrp_instance for it",
        first === undefined ? [] : [noteAt(first.place, "this address decides the family")],
      ),
    );
    return false;
  });
  familyOfTransport(section, transport, family, report);
  const more = own[MAX_ADDRESSES];
  if (more !== undefined)
    report(
      problem(
        "H0117",
        more.place,
        `an advertisement carries 255 addresses; the ${own.length - MAX_ADDRESSES} from here on are not advertised`,
        "write them into virtual_ipaddress_excluded",
      ),
    );
  const excluded = linesIn(section, "virtual_ipaddress_excluded").flatMap((line) => addressLine(line, report) ?? []);
  return { family, advertised: own.slice(0, MAX_ADDRESSES), excluded: [...own.slice(MAX_ADDRESSES), ...excluded] };
}

function familyOfTransport(section: Section, { peers }: Transport, family: Family, report: Report): void {
  for (const peer of peers) {
    if (familyOf(peer.address) !== family)
      report(
        problem(
          "H0111",
          peer.place,
          `peer ${peer.address} is of the other family than the addresses`,
          "peers and addresses are of one family",
        ),
      );
  }
  for (const name of ["unicast_src_ip", "mcast_src_ip", "mcast_dst_ip"]) {
    const at = entryOf(section, name);
    const source = addressIn(section, name);
    if (at !== undefined && source !== undefined && familyOf(source) !== family)
      report(
        problem(
          "H0111",
          at.place,
          `${name} ${source} is of the other family than the addresses`,
          "write an address of the same family",
        ),
      );
  }
}

/** The trackers of a section. */
export function tracksIn(section: Section, kinds: TrackKinds, report: Report): DeclaredInstance["tracks"] {
  return {
    interfaces: trackLines(linesIn(section, "track_interface"), kinds.interfaces, report),
    scripts: trackLines(linesIn(section, "track_script"), kinds.scripts, report),
    files: trackLines(linesIn(section, "track_file"), kinds.files, report),
    processes: trackLines(linesIn(section, "track_process"), kinds.processes, report),
    bfds: trackLines(linesIn(section, "track_bfd"), kinds.bfds, report),
  };
}

function announceOf(section: Section, globals: DeclaredGlobals, strict: boolean, report: Report): DeclaredAnnounce {
  const said = { ...globals.announce, ...announceIn(section, "") };
  for (const name of ["garp_master_repeat", "garp_master_refresh_repeat"]) {
    const at = entryOf(section, name);
    if (at?.value === 0)
      report(
        problem("H0405", at.place, `${name} 0 becomes 1: a block of announcements has at least one`, `write ${name} 1`),
      );
  }
  const masterDelay = said.masterDelay ?? (globals.minGarp ? 0 : 5);
  const masterRepeat = Math.max(1, said.masterRepeat ?? (globals.minGarp ? 1 : 5));
  return {
    masterDelay,
    masterRepeat,
    refresh: said.refresh ?? 0,
    refreshRepeat: Math.max(1, said.refreshRepeat ?? 1),
    lowerPriorityDelay: said.lowerPriorityDelay ?? (strict ? 0 : masterDelay),
    lowerPriorityRepeat: said.lowerPriorityRepeat ?? (strict ? 0 : masterRepeat),
  };
}
