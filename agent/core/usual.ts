// What is meant where nothing else is said: the defaults of keepalived.conf as the core spells them.
// A log written before a field existed is read with these, so that it stays readable.

import { type Family, type IpAddress, parseAddress } from "./address.ts";
import type {
  AgentConfig,
  Conduct,
  ExtraAnnounce,
  HookConfig,
  LogConfig,
  NotifyConfig,
  Pacing,
  RouterConfig,
  Transport,
  VirtualAddress,
} from "./config.ts";
import { microseconds, seconds } from "./time.ts";

const group = (text: string): IpAddress => {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError(`not an address: ${text}`);
  return address;
};

/** RFC 5798 §5.1.1.2, §5.1.2.2. */
const GROUPS: Readonly<Record<Family, IpAddress>> = { ipv4: group("224.0.0.18"), ipv6: group("ff02::12") };

export const usualAddress = {
  broadcast: null,
  label: "",
  scope: 0,
  peer: null,
  flags: 0,
  dad: false,
  preferredLifetime: null,
  vmac: false,
  onLoss: "restore",
} as const satisfies Partial<VirtualAddress>;

const usualTransport: Readonly<Record<Family, Transport>> = {
  ipv4: { source: null, trackSource: false, to: { type: "multicast", group: GROUPS.ipv4 } },
  ipv6: { source: null, trackSource: false, to: { type: "multicast", group: GROUPS.ipv6 } },
};

const usualConduct: Conduct = {
  lowerPriorityNoAdvert: false,
  higherPrioritySendAdvert: false,
  ownerIgnoresAdverts: false,
  trackPrimary: true,
  timerExpiredBackup: null,
  accept: true,
  tellPriorityAtOnce: true,
  fastHandover: false,
  strictChecksum: false,
  checkAddresses: true,
};

const usualExtra: ExtraAnnounce = { every: microseconds(0), on: "vmac" };
const usualPacing: Pacing = { each: { arp: microseconds(0), na: microseconds(0) }, groups: [] };

/** As Keepalived: what programs make is their owner's to read and write. */
export const USUAL_UMASK = 0o177;

/** Nobody is told, as Keepalived does it: every hook once, and nobody waits. */
export const usualHooks: HookConfig = {
  scripts: { master: null, backup: null, fault: null, stop: null, generic: null, deleted: null, lowerPriority: null },
  preMaster: null,
  preBackup: null,
  saysDeleted: false,
  priorityChanges: false,
  mail: false,
  webhooks: [],
  policy: { order: "all", deadline: seconds(60), retries: 0, backoff: seconds(1), preDeadline: seconds(0) },
};

const usualNotify: NotifyConfig = {
  fifos: [],
  statesOnReload: false,
  user: null,
  group: null,
  security: false,
  supplementaryGroups: false,
  startup: null,
  shutdown: null,
  umask: null,
  mail: null,
};

const usualOf = (family: Family) =>
  ({
    crowded: false,
    excludedAddresses: [],
    extraAnnounce: usualExtra,
    paths: [],
    promoteSecondaries: false,
    transport: usualTransport[family],
    vmac: null,
    virtualInterfaces: [],
    conduct: usualConduct,
    maxFailovers: null,
    tracks: [],
    hooks: usualHooks,
  }) as const satisfies Partial<RouterConfig>;

const USUAL = { ipv4: usualOf("ipv4"), ipv6: usualOf("ipv6") };

/** Everything of a router that has a default beside its timers and addresses. */
export const usualRouter = (family: Family) => USUAL[family];

const MIB = 1024 * 1024;

const usualLog: LogConfig = {
  retentionBytes: 1024 * MIB,
  retentionAge: seconds(90 * 86_400),
  segmentBytes: 16 * MIB,
  recorder: seconds(600),
  recorderBefore: seconds(30),
  recorderAfter: seconds(10),
};

/** Everything of a configuration that has a default. */
export const usualAgent = {
  routerId: "",
  routers: [],
  groups: [],
  startupDelay: microseconds(0),
  delayAfterBoot: microseconds(0),
  linkDelays: {},
  pacing: usualPacing,
  statics: { addresses: [], paths: [] },
  checks: [],
  netNamespace: "",
  instance: "",
  dynamicInterfaces: false,
  logUnknownVrids: false,
  filter: { table: "heird", priority: -1, counters: false },
  notify: usualNotify,
  eventLog: usualLog,
  audit: null,
  metrics: { listen: [] },
} as const satisfies AgentConfig;
