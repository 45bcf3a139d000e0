// A declaration in the words of the corpus' `expect`, so that the two can be compared.

import type {
  Declaration,
  DeclaredAddress,
  DeclaredHooks,
  DeclaredInstance,
  DeclaredTracks,
} from "../../config/declaration.ts";
import { HOOKS } from "../../config/declaration.ts";

const SCOPES = new Map([
  [0, "global"],
  [200, "site"],
  [253, "link"],
  [254, "host"],
  [255, "nowhere"],
]);

const FLAGS = [
  ["home", "home"],
  ["mngtmpaddr", "mngtmpaddr"],
  ["noprefixroute", "noprefixroute"],
  ["autojoin", "autojoin"],
  ["noTrack", "no_track"],
] as const;

/** An address as Keepalived prints it. */
function addressText(one: DeclaredAddress, iface: string): string {
  const v6 = one.address.includes(":");
  const full = one.prefixLength === (v6 ? 128 : 32);
  const flags = FLAGS.map(([field, text]) => (one[field] ? ` ${text}` : ""));
  return [
    full ? one.address : `${one.address}/${one.prefixLength}`,
    one.broadcast === null ? "" : ` brd ${one.broadcast}`,
    ` dev ${one.dev ?? iface}`,
    ` scope ${SCOPES.get(one.scope) ?? one.scope}`,
    one.label === "" ? "" : ` label ${one.label}`,
    one.peer === null ? "" : ` peer ${one.peer.address}/${one.peer.prefixLength}`,
    ...flags,
    v6 ? lifetimeText(one) : "",
  ].join("");
}

function lifetimeText({ preferredLft, prefixLength }: DeclaredAddress): string {
  const lifetime = preferredLft ?? (prefixLength === 128 ? 0 : "forever");
  return lifetime === 0 ? " deprecated" : ` preferred_lft ${lifetime}`;
}

const tracksText = (tracks: DeclaredTracks, own: string | null) => ({
  interfaces: tracks.interfaces.filter(({ name }) => name !== own).map(({ name, weight }) => ({ name, weight })),
  scripts: tracks.scripts.map(({ name, weight }) => ({ name, weight })),
  files: tracks.files.map(({ name, weight }) => ({ name, weight })),
  processes: tracks.processes.map(({ name, weight }) => ({ name, weight })),
  bfds: tracks.bfds.map(({ name, weight }) => ({ name, weight })),
});

const hooksText = (hooks: DeclaredHooks) =>
  Object.fromEntries(HOOKS.flatMap((hook) => (hooks[hook] === null ? [] : [[hook, commandText(hooks[hook].argv)]])));

export const commandText = (argv: readonly string[]): string => byName(argv.map((word) => `'${word}'`).join(" "));

/** The corpus does not show the password of AH. */
const authenticationText = ({ type, password }: NonNullable<DeclaredInstance["authentication"]>) => ({
  type,
  pass: type === "AH" ? "" : password,
});

/** What the corpus says of one instance. */
export function instanceSummary(one: DeclaredInstance) {
  const iface = one.interface ?? "";
  const at = (address: DeclaredAddress) => addressText(address, iface);
  return {
    name: one.name,
    version: one.version,
    family: one.family,
    interface: one.interface,
    vrid: one.vrid,
    priority: one.priority,
    state: one.state,
    advert_int: one.adverInterval / 1_000_000,
    sync_group: one.group,
    preempt: one.preempt,
    preempt_delay: one.preemptDelay / 1_000_000,
    accept: one.accept,
    auth: one.authentication === null ? null : authenticationText(one.authentication),
    vips: one.addresses.map(at),
    excluded_vips: one.excluded.map(at),
    src_ip: one.source,
    unicast_peers: one.peers.map(({ address }) => address as string),
    // Keepalived speaks to the group where nobody is listed; heird stays in FAULT, and warns.
    unicast: one.unicast && one.peers.length > 0,
    track: tracksText(one.tracks, one.interface),
    notify: hooksText(one.hooks),
    smtp_alert: one.smtpAlert,
    dont_track_primary: one.dontTrackPrimary,
    promote_secondaries: one.promoteSecondaries,
    strict: one.strict,
    skip_check_adv_addr: one.skipCheckAdvAddr,
    garp: {
      delay: one.announce.masterDelay,
      repeat: one.announce.masterRepeat,
      refresh: one.announce.refresh,
      refresh_repeat: one.announce.refreshRepeat,
      lower_prio_delay: one.announce.lowerPriorityDelay,
      lower_prio_repeat: one.announce.lowerPriorityRepeat,
    },
    down_timer_adverts: one.downTimerAdverts,
    vmac: one.vmac?.kind === "macvlan" ? { ifname: one.vmac.name, xmit_base: one.vmac.xmitBase } : null,
    ipvlan: one.vmac?.kind === "ipvlan" ? { ifname: one.vmac.name } : null,
  };
}

/** What the corpus says of a whole file. */
export const summary = (declaration: Declaration) => ({
  instances: declaration.instances.map(instanceSummary),
  sync_groups: declaration.groups.map((group) => ({
    name: group.name,
    members: group.members,
    smtp_alert: group.smtpAlert,
    notify: hooksText(group.hooks),
    track: tracksText(group.tracks, null),
  })),
  scripts: declaration.scripts.map(({ name, command, interval, timeout, weight, reverse, rise, fall }) => ({
    name,
    command: commandText(command.argv),
    interval: interval / 1_000_000,
    timeout: (timeout ?? 0) / 1_000_000,
    weight,
    reverse,
    rise,
    fall,
  })),
  static: {
    addresses: declaration.statics.addresses.map((one) => addressText(one, declaration.globals.defaultInterface)),
  },
});

/** A program by its name: Keepalived prints the path it found. */
const byName = (command: string): string => command.replace(/^'[^']*\/([^'/]+)'/, "'$1'");

// biome-ignore lint/suspicious/noExplicitAny: this is what reads a shape from outside
type Outside = any;

const outsideTracks = (track: Outside) =>
  Object.fromEntries(
    ["interfaces", "scripts", "files", "processes", "bfds"].map((kind) => [
      kind,
      track[kind].map(({ name, weight }: Outside) => ({ name, weight })),
    ]),
  );

const outsideHooks = (notify: Outside) =>
  Object.fromEntries(
    HOOKS.flatMap((hook) => (notify?.[hook] === undefined ? [] : [[hook, byName(notify[hook].command)]])),
  );

const withoutSet = (addresses: readonly string[]) => addresses.map((text) => text.replace(/ set$/, ""));

/** One instance of the corpus in the order and with the fields of `instanceSummary`. */
export const asInstance = (one: Outside): ReturnType<typeof instanceSummary> => ({
  name: one.name,
  version: one.version,
  family: one.family,
  interface: one.interface,
  vrid: one.vrid,
  priority: one.priority,
  state: one.state,
  advert_int: Number(one.advert_int),
  sync_group: one.sync_group,
  preempt: one.preempt,
  preempt_delay: Number(one.preempt_delay),
  accept: one.accept,
  auth: one.auth === null ? null : { type: one.auth.type, pass: one.auth.type === "AH" ? "" : one.auth.pass },
  vips: withoutSet(one.vips),
  excluded_vips: withoutSet(one.excluded_vips),
  src_ip: one.src_ip,
  unicast_peers: one.unicast_peers,
  unicast: one.unicast,
  track: outsideTracks(one.track) as Outside,
  notify: outsideHooks(one.notify),
  smtp_alert: one.smtp_alert,
  dont_track_primary: one.dont_track_primary,
  promote_secondaries: one.promote_secondaries,
  strict: one.strict,
  skip_check_adv_addr: one.skip_check_adv_addr,
  garp: one.garp,
  down_timer_adverts: one.down_timer_adverts,
  vmac: one.vmac === undefined || one.vmac === null ? null : { ifname: one.vmac.ifname, xmit_base: one.vmac.xmit_base },
  ipvlan: one.ipvlan === undefined || one.ipvlan === null ? null : { ifname: one.ipvlan.ifname },
});

/** The corpus' `expect` in the order and with the fields of `summary`. */
export const asSummary = (expected: Outside): ReturnType<typeof summary> => ({
  instances: expected.instances.map(asInstance),
  sync_groups: expected.sync_groups.map((group: Outside) => ({
    name: group.name,
    members: group.members,
    smtp_alert: group.smtp_alert,
    notify: outsideHooks(group.notify),
    track: outsideTracks(group.track),
  })),
  scripts: expected.scripts.map((script: Outside) => ({
    name: script.name,
    command: byName(script.command),
    interval: script.interval,
    timeout: script.timeout,
    weight: script.weight,
    reverse: script.reverse,
    rise: script.rise,
    fall: script.fall,
  })),
  static: { addresses: withoutSet(expected.static.addresses ?? []) },
});
