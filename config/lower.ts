// The declaration becomes what the core runs. Nothing optional remains; what the core cannot do yet
// has been refused before.

import {
  type AgentConfig,
  type Conduct,
  type LogConfig,
  PRIORITY_OWNER,
  type RouterConfig,
  type VirtualAddress,
} from "../agent/core/config.ts";
import type { OnLoss, Path } from "../agent/core/path.ts";
import { microseconds, seconds } from "../agent/core/time.ts";
import { usualAgent, usualRouter } from "../agent/core/usual.ts";
import type {
  Declaration,
  DeclaredAddress,
  DeclaredAnnounce,
  DeclaredGlobals,
  DeclaredGroup,
  DeclaredInstance,
} from "./declaration.ts";
import type { Report } from "./diagnostic.ts";
import { lowerChecks, withMetrics } from "./lower-checks.ts";
import { lowerGroups, lowerTracks } from "./lower-groups.ts";
import { hooksOf, notifyOf } from "./lower-hooks.ts";
import { pathLowering } from "./lower-paths.ts";
import { authentication, type Keys, keysOf, transport } from "./lower-transport.ts";
import type { PathNames } from "./path-names.ts";
import { namesOf, type Placing, placing } from "./virtual-interfaces.ts";

export type LowerOptions = {
  readonly hostname: string;
  readonly assumeHonoured: boolean;
  /** Tables and protocols of this machine. */
  readonly names: PathNames;
  /** Whether there is a user of that name, who runs scripts where nobody else is named. */
  readonly keepalivedScript: boolean;
};

/** The configuration of the core. Instances that lack what they need are left out; that has been reported as an error. */
export function lower(
  declaration: Declaration,
  { hostname, assumeHonoured, keepalivedScript, names }: LowerOptions,
  report: Report,
): AgentConfig {
  const { globals, groups, instances, statics } = declaration;
  const keys = keysOf(declaration);
  const interfaces = namesOf(instances);
  const paths = pathLowering({ names, assumeHonoured, report });
  // Files say their statics first, and rules without a preference are counted in that order.
  const staticPaths = paths({ ...statics, onLoss: globals.onLoss });
  const weighed = withMetrics(declaration);
  const groupOf = new Map(groups.flatMap((group) => group.members.map((member) => [member, group] as const)));
  const routers = instances.flatMap((instance) => {
    const group = groupOf.get(instance.name);
    const place: Place = (iface) => placing(instance, iface, globals.vmacAddrPrefix, interfaces);
    return router(instance, group, paths(instance), keys, globals, place, instances.length > CROWD).map(weighed);
  });
  return {
    ...usualAgent,
    filter: globals.filter,
    routerId: globals.routerId ?? hostname,
    routers,
    groups: lowerGroups(groups, routers, globals, report),
    startupDelay: globals.startupDelay,
    delayAfterBoot: globals.delayAfterBoot,
    linkDelays: Object.fromEntries(
      Object.entries(globals.linkDelays).map(([name, { down, up }]) => [name, { down, up }]),
    ),
    notify: notifyOf(globals, hostname),
    eventLog: eventLog(declaration),
    pacing: pacing(declaration),
    statics: {
      addresses: statics.addresses.map((address) =>
        virtualAddress(address, globals.onLoss, address.dev ?? globals.defaultInterface),
      ),
      paths: staticPaths,
    },
    checks: lowerChecks(declaration, keepalivedScript),
    netNamespace: globals.netNamespace ?? "",
    instance: globals.instance ?? "",
    dynamicInterfaces: globals.dynamicInterfaces,
    logUnknownVrids: declaration.globals.logUnknownVrids,
    audit: audit(declaration, globals.routerId ?? hostname),
    metrics: { listen: declaration.services.metrics.listen },
  };
}

const MIB = 1024 * 1024;
const DAY = 86_400_000_000;

const eventLog = ({ services: { eventLog: log } }: Declaration): LogConfig => ({
  retentionBytes: log.retentionMebibytes * MIB,
  retentionAge: microseconds(log.retentionDays * DAY),
  segmentBytes: log.segmentMebibytes * MIB,
  recorder: log.recorder,
  recorderBefore: log.recorderBefore,
  recorderAfter: log.recorderAfter,
});

const audit = ({ services }: Declaration, name: string): AgentConfig["audit"] =>
  services.audit === null ? null : { ...services.audit, node: services.audit.node ?? name };

type Place = (iface: string) => Placing;

/** More instances than these do not all advertise together. */
const CROWD = 16;

function router(
  instance: DeclaredInstance,
  group: DeclaredGroup | undefined,
  paths: readonly Path[],
  keys: Keys,
  globals: DeclaredGlobals,
  place: Place,
  crowded: boolean,
): readonly RouterConfig[] {
  const { vrid, family } = instance;
  const iface = instance.interface ?? (instance.unicast ? "" : null);
  if (iface === null || vrid === null) return [];
  const home = iface === "" ? globals.defaultInterface : iface;
  const { vmac, virtualInterfaces, interfaceOf } = place(home);
  const own = (address: DeclaredAddress) => virtualAddress(address, instance.onLoss, interfaceOf(address), home);
  return [
    {
      key: keys(instance, iface, vrid),
      name: instance.name,
      interface: iface,
      family,
      vrid,
      version: instance.version,
      basePriority: instance.priority,
      adverInterval: instance.adverInterval,
      crowded,
      downTimerAdverts: instance.downTimerAdverts,
      preempt: instance.preempt,
      preemptDelay: instance.preemptDelay,
      maxFailovers: instance.maxFailovers,
      authentication: authentication(instance),
      v3Checksum: instance.v3ChecksumAsV2 ? "plain" : "pseudoHeader",
      virtualAddresses: instance.addresses.map(own),
      excludedAddresses: instance.excluded.map(own),
      paths,
      promoteSecondaries: instance.promoteSecondaries,
      announce: announce(instance.announce),
      extraAnnounce: { every: seconds(instance.extra.every), on: instance.extra.all ? "all" : "vmac" },
      transport: transport(instance, globals),
      vmac,
      virtualInterfaces,
      conduct: conduct(instance),
      tracks: lowerTracks(instance.tracks, group),
      hooks: hooksOf(instance, globals),
    },
  ];
}

function virtualAddress(declared: DeclaredAddress, onLoss: OnLoss, iface: string, home = iface): VirtualAddress {
  const { address, prefixLength, broadcast, label, scope, peer, dad, preferredLft } = declared;
  return {
    address,
    prefixLength,
    interface: iface,
    broadcast,
    label,
    scope,
    peer,
    flags: addressFlags(declared),
    dad,
    preferredLifetime: preferredLft === "forever" ? null : (preferredLft ?? (prefixLength === 128 ? 0 : null)),
    // Those of the instance's own interface lie where its adverts come from, and are no further ones.
    vmac: (declared.dev ?? home) !== home && iface !== declared.dev,
    onLoss: declared.onLoss ?? (declared.noTrack ? "ignore" : onLoss),
  };
}

/** IFA_F_HOMEADDRESS, IFA_F_MANAGETEMPADDR, IFA_F_NOPREFIXROUTE, IFA_F_MCAUTOJOIN of linux/if_addr.h. */
const addressFlags = ({ home, mngtmpaddr, noprefixroute, autojoin }: DeclaredAddress): number =>
  (home ? 0x10 : 0) | (mngtmpaddr ? 0x100 : 0) | (noprefixroute ? 0x200 : 0) | (autojoin ? 0x400 : 0);

const conduct = (instance: DeclaredInstance): Conduct => ({
  ...usualRouter(instance.family).conduct,
  lowerPriorityNoAdvert: instance.lowerPrioNoAdvert,
  higherPrioritySendAdvert: instance.higherPrioSendAdvert,
  ownerIgnoresAdverts: instance.ownerIgnoreAdverts,
  timerExpiredBackup: instance.timerExpiredBackup,
  trackPrimary: !instance.dontTrackPrimary,
  accept: instance.accept || instance.priority === PRIORITY_OWNER,
  tellPriorityAtOnce: instance.priorityChange === "immediate",
  fastHandover: instance.fastHandover,
  strictChecksum: instance.strictChecksum,
  checkAddresses: !instance.skipCheckAdvAddr,
});

const announce = (declared: DeclaredAnnounce): RouterConfig["announce"] => ({
  masterRepeat: declared.masterRepeat,
  masterDelay: seconds(declared.masterDelay),
  refresh: seconds(declared.refresh),
  refreshRepeat: declared.refreshRepeat,
  lowerPriorityRepeat: declared.lowerPriorityRepeat,
  lowerPriorityDelay: seconds(declared.lowerPriorityDelay),
});

/** What a group leaves out is what holds for every interface. */
function pacing({ globals, garpGroups }: Declaration): AgentConfig["pacing"] {
  const pace = (garp: number, gna: number) => ({ arp: seconds(garp), na: seconds(gna) });
  return {
    each: pace(globals.garpInterval, globals.gnaInterval),
    groups: garpGroups.map(({ garpInterval, gnaInterval, interfaces }) => ({
      ...pace(garpInterval ?? globals.garpInterval, gnaInterval ?? globals.gnaInterval),
      interfaces,
    })),
  };
}
