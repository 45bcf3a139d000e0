// Makes the machine fit a configuration, and takes back what was done for it: virtual interfaces,
// kernel settings, packet filter rules. Before a configuration is told to the fold, after it was, and
// when an interface below comes back; never for a change of phase, since removing a link takes 20 ms.
//
// Whatever is changed is written down first, with how it was before.

import { Observable } from "rxjs";
import { addressFromBytes } from "../core/address.ts";
import type { AgentConfig, VirtualInterface } from "../core/config.ts";
import type { Link } from "../core/event.ts";
import {
  type Change,
  type Filter,
  filterOf,
  promoting,
  promotingOn,
  type Setting,
  settingsBelow,
  settingsOn,
  solicitedBelow,
  solicitedNodeBytes,
  unfiltered,
  virtualInterfacesOf,
} from "../core/machine.ts";
import { type InterfaceState, type Kernel, type Machinery, type Outcome, VEPA_MODE } from "../kernel.ts";
import type { Driver } from "../run.ts";
import { parseMac, printMac } from "../wire/mac.ts";

/** The index of a link that is yet to be made; 0 is of one that is not there. */
const UNNUMBERED = 1;

const EEXIST = 17;
const ENODEV = 19;

export type ProvisionKernel = Pick<Kernel, "interfaces"> & Machinery;

/** Where changes are written down before they are made. */
type Changes = {
  readonly all: () => readonly Change[];
  readonly record: (changes: readonly Change[]) => void;
  readonly forget: (changes: readonly Change[]) => void;
};

type Teller = { readonly info: (sentence: string) => void; readonly warn: (sentence: string) => void };

export type Provisioner = {
  /** Makes what a configuration needs beside what is there; why something could not be made, in sentences. */
  readonly furnish: (config: AgentConfig) => readonly string[];
  /** What is in the way of a configuration and not for heird to remove, in sentences. */
  readonly objections: (config: AgentConfig) => readonly string[];
  /** What `furnish` would do to links, in order: those that it takes away, which have no index, and those that it makes. */
  readonly foreseen: (config: AgentConfig) => readonly Link[];
  /** Takes back what a configuration does not need, all at once. */
  readonly settle: (config: AgentConfig) => void;
  /** The same in small steps, between which the sockets and the alarm have their turn. */
  readonly settleSlowly: (config: AgentConfig) => void;
  /** Makes virtual interfaces again when the interface below is back, or somebody took one away. */
  readonly drive: Driver;
  /** Every kernel setting that is other than it was because of us, those of our own interfaces among them. */
  readonly settings: () => readonly { readonly path: string; readonly before: string; readonly set: string }[];
};

export function provision(
  kernel: ProvisionKernel,
  changes: Changes,
  say: Teller,
  later: (act: () => void) => void = setImmediate,
): Provisioner {
  const hand: Hand = { kernel, changes, say, own: new Map() };
  const furnish = (config: AgentConfig): readonly string[] => {
    const wanted = virtualInterfacesOf(config);
    try {
      return [
        ...fitSettings(hand, config),
        ...fitLinks(hand, wanted),
        ...fitFilter(hand, filterOf(config)),
        ...fitGroups(hand, config),
      ];
    } catch (cause) {
      // What cannot be written down is not changed.
      return [`what is to be changed on this machine cannot be written down: ${String(cause)}`];
    }
  };
  const drive: Driver = (turns$) =>
    new Observable<never>(() => {
      let due = false;
      let latest: AgentConfig | null = null;
      return turns$.subscribe(({ event: { seen }, state: { config, running } }) => {
        latest = running ? config : null;
        if (due || !running || seen.type !== "linkChanged" || !concerns(config, seen.link)) return;
        due = true;
        // Not within the turn: what a new link brings is news itself, and is not heard while news are told. By then
        // a reload may have brought the configuration for which the link has changed.
        later(() => {
          due = false;
          for (const error of latest === null ? [] : furnish(latest)) say.warn(error);
        });
      });
    });
  const settleSlowly = (config: AgentConfig): void => {
    const [change] = needless(hand, config).slice(-1);
    if (change === undefined) return;
    giveBack(hand, [change]);
    if (!changes.all().includes(change)) later(() => settleSlowly(config));
  };
  return {
    furnish,
    objections: (config) => lackingOf(kernel, config).flatMap((one) => objections(hand, one)),
    foreseen: (config) => {
      const lacking = lackingOf(kernel, config);
      const gone = new Set(lacking.flatMap((one) => inTheWay(kernel, one).map(({ name }) => name)));
      const made = lacking.map(({ name, parent }) => ({ name, up: kernel.interfaces.get(parent)?.up ?? false }));
      return [
        ...[...gone].map((name) => ({ name, index: 0, up: false })),
        ...made.map((link) => ({ ...link, index: UNNUMBERED })),
      ];
    },
    settle: (config) => giveBack(hand, needless(hand, config)),
    settleSlowly,
    drive,
    settings: () => settingsNow(hand),
  };
}

/** What provisioning has at hand. */
type Hand = {
  readonly kernel: ProvisionKernel;
  readonly changes: Changes;
  readonly say: Teller;
  /** How the settings of our own interfaces were before; they go with the interface, and are not taken back. */
  readonly own: Map<string, Extract<Change, { type: "sysctl" }>>;
};

function concerns(config: AgentConfig, link: { readonly name: string; readonly index: number }): boolean {
  const wanted = virtualInterfacesOf(config);
  if (link.index !== 0 && promotingOn(config).has(link.name)) return true; // a new one has the usual settings
  return wanted.some(({ name, parent }) => (link.index === 0 ? name === link.name : parent === link.name));
}

// ---------------------------------------------------------------- settings

const isSet = (kernel: ProvisionKernel, { path, value }: Setting): boolean => {
  const now = kernel.readSysctl(path);
  return now === null || now === value;
};

/** Those of interfaces that are not ours. */
function fitSettings({ kernel, changes, say }: Hand, config: AgentConfig): readonly string[] {
  const settings = [
    ...settingsBeneath(kernel, virtualInterfacesOf(config)),
    ...[...promotingOn(config)].map(promoting),
  ];
  const needed = settings.filter((setting) => !isSet(kernel, setting));
  if (needed.length === 0) return [];
  const found = needed.map(({ path, value }) => ({ path, before: kernel.readSysctl(path) ?? "", set: value }));
  changes.record(found.map((one) => ({ type: "sysctl", ...one })));
  for (const { path, before, set } of found) say.info(`sets ${path} to ${set}; it was ${before}`);
  return needed.flatMap(({ path, value }) => failureOf(kernel.writeSysctl(path, value)));
}

/** Those of the interfaces below, and of all. */
function settingsBeneath(kernel: ProvisionKernel, wanted: readonly VirtualInterface[]): readonly Setting[] {
  const macvlans = wanted.filter(({ kind }) => kind === "macvlan");
  if (macvlans.length === 0) return [];
  const parents = [...new Set(macvlans.map(({ parent }) => parent))];
  const names = new Set(wanted.map(({ name }) => name));
  const others = [...kernel.interfaces.keys()].filter((name) => !names.has(name));
  return [...parents.flatMap(settingsBelow), ...unfiltered(others, kernel.readSysctl)];
}

const failureOf = (outcome: Outcome): readonly string[] => (outcome.ok ? [] : [outcome.error]);

function settingsNow({ kernel, changes, own }: Hand): ReturnType<Provisioner["settings"]> {
  const lasting = changes.all().flatMap((change) => (change.type === "sysctl" ? [change] : []));
  return [...lasting, ...own.values()]
    .filter(({ path }) => kernel.readSysctl(path) !== null)
    .map(({ path, before, set }) => ({ path, before, set }));
}

// ---------------------------------------------------------------- links

/** Whether an interface is the one that would be made. */
export function isAsWanted(
  kernel: Pick<Kernel, "interfaces">,
  wanted: VirtualInterface,
  there: InterfaceState,
): boolean {
  const parent = kernel.interfaces.get(wanted.parent)?.index;
  if (there.upon === null || there.upon.kind !== wanted.kind || there.upon.parent !== parent) return false;
  return wanted.kind === "ipvlan" || (there.upon.mode === VEPA_MODE && printMac(there.mac) === wanted.mac);
}

/**
 * B14.4: one that is as wanted is used; another macvlan of that name is replaced. All that is in the way goes before
 * the first is made, since the kernel sets up one macvlan of a MAC address upon an interface; where something must
 * not go, nothing does.
 */
function fitLinks(hand: Hand, wanted: readonly VirtualInterface[]): readonly string[] {
  const { kernel } = hand;
  const possible = wanted.filter(({ parent }) => kernel.interfaces.has(parent)); // others are made when that is there
  const right = possible.filter((one) => isThere(kernel, one));
  const lacking = possible.filter((one) => !right.includes(one));
  const errors = lacking.flatMap((one) => objections(hand, one));
  if (errors.length > 0) return errors;
  const names = new Set(right.map(({ name }) => name));
  for (const one of lacking)
    for (const there of [...inTheWay(kernel, one)].filter(({ name }) => !names.has(name))) {
      const outcome = clear(hand, one, there);
      if (!outcome.ok) return [outcome.error];
    }
  return possible.flatMap((one) => (isThere(kernel, one) ? prepareLink(hand, one) : makeLink(hand, one)));
}

function isThere(kernel: ProvisionKernel, wanted: VirtualInterface): boolean {
  const there = kernel.interfaces.get(wanted.name);
  return there !== undefined && isAsWanted(kernel, wanted, there);
}

const lackingOf = (kernel: ProvisionKernel, config: AgentConfig): readonly VirtualInterface[] =>
  virtualInterfacesOf(config).filter((one) => kernel.interfaces.has(one.parent) && !isThere(kernel, one));

/** What has the name of a link that is to be made, or its MAC address upon the same interface. */
function inTheWay(kernel: ProvisionKernel, wanted: VirtualInterface): readonly InterfaceState[] {
  const parent = kernel.interfaces.get(wanted.parent)?.index;
  const has = ({ name, upon, mac }: InterfaceState): boolean =>
    name === wanted.name ||
    (wanted.kind === "macvlan" && upon?.kind === "macvlan" && upon.parent === parent && printMac(mac) === wanted.mac);
  return [...kernel.interfaces.values()].filter(has);
}

/** Why a link cannot be made: what is in the way and is not for heird to remove. */
function objections({ kernel, changes }: Hand, wanted: VirtualInterface): readonly string[] {
  return inTheWay(kernel, wanted).flatMap((there) => {
    if (there.name === wanted.name)
      return isUpon(there)
        ? []
        : [`${there.name} is there and is no ${wanted.kind}: give the virtual interface another name`];
    const change = { type: "link", name: there.name, mac: wanted.mac } as const;
    if (!there.up || isKnown(changes, change)) return [];
    return [
      `${wanted.name} cannot have ${wanted.mac}: ${there.name} upon ${wanted.parent} has it, and heird did not make it; ` +
        `stop what did, then: ip link del ${there.name}`,
    ];
  });
}

const isKnown = (changes: Changes, { name, mac }: Extract<Change, { type: "link" }>): boolean =>
  changes.all().some((one) => one.type === "link" && one.name === name && one.mac === mac);

function clear({ kernel, changes, say }: Hand, wanted: VirtualInterface, there: InterfaceState): Outcome {
  const change = { type: "link", name: there.name, mac: printMac(there.mac) } as const;
  const ours = isKnown(changes, change);
  if (there.name !== wanted.name && !ours) return DONE; // it is down
  if (there.name === wanted.name)
    say.warn(`${there.name} is another ${there.upon?.kind} than the configuration wants, and is replaced`);
  else say.info(`removes ${there.name}: ${wanted.name} is to have its MAC address`);
  const removed = kernel.removeLink(there.name);
  if (!removed.ok && removed.errno !== ENODEV) return removed;
  if (ours) changes.forget([change]);
  return DONE;
}

const DONE: Outcome = { ok: true };

function makeLink(hand: Hand, wanted: VirtualInterface): readonly string[] {
  const { kernel, changes, say } = hand;
  const change = { type: "link", name: wanted.name, mac: wanted.mac } as const;
  const mac = parseMac(wanted.mac) ?? new Uint8Array(6);
  changes.record([change]);
  const made = kernel.addLink({ ...wanted, mac });
  if (!made.ok) {
    changes.forget([change]);
    return [made.error];
  }
  say.info(`made ${wanted.name} (${wanted.kind}, ${wanted.mac}) upon ${wanted.parent}`);
  return prepareLink(hand, wanted);
}

/** A kind that heird makes and may replace. */
export const isUpon = ({ upon }: InterfaceState): boolean => upon?.kind === "macvlan" || upon?.kind === "ipvlan";

/** Settings before it is up, so that nothing is answered that must not be. */
function prepareLink({ kernel, changes, own }: Hand, wanted: VirtualInterface): readonly string[] {
  const settings = wanted.kind === "macvlan" ? settingsOn(wanted) : [];
  const ours = changes.all().some((change) => change.type === "link" && change.name === wanted.name);
  const errors: string[] = [];
  for (const setting of settings.filter((one) => !isSet(kernel, one))) {
    const { path, value } = setting;
    const change = { type: "sysctl", path, before: kernel.readSysctl(path) ?? "", set: value } as const;
    if (ours) own.set(path, change);
    else changes.record([change]);
    errors.push(...failureOf(kernel.writeSysctl(path, value)));
  }
  if (kernel.interfaces.get(wanted.name)?.up !== true) errors.push(...failureOf(kernel.raiseLink(wanted.name)));
  return errors;
}

// ---------------------------------------------------------------- filter and groups

function fitFilter({ kernel, changes, say }: Hand, filter: Filter | null): readonly string[] {
  if (filter === null) return [];
  const change = { type: "filter", table: filter.table } as const;
  const ours = changes.all().some((known) => known.type === "filter" && known.table === filter.table);
  if (!ours) changes.record([change]);
  const outcome = kernel.setFilter(filter, !ours);
  if (outcome.ok) return [];
  if (!ours) changes.forget([change]);
  const remedy =
    outcome.errno === EEXIST
      ? `there is an nftables table inet ${filter.table} already, and heird did not put it there: write nftables and another name into global_defs`
      : outcome.error;
  if (filter.closed.length > 0) return [remedy];
  // Without it a snooping switch may learn the virtual MAC from a Backup, and unlearns it with the next advertisement.
  say.warn(`virtual interfaces report multicast groups themselves: ${remedy}`);
  return [];
}

function fitGroups({ kernel, say }: Hand, config: AgentConfig): readonly string[] {
  const groups = solicitedBelow(config).map(({ address, parent }) => ({
    interface: parent,
    group: addressFromBytes(solicitedNodeBytes(address)),
  }));
  const outcome = kernel.keepGroups([...new Map(groups.map((one) => [`${one.interface} ${one.group}`, one])).values()]);
  if (!outcome.ok) say.warn(`a switch that snoops may keep neighbour solicitations from us: ${outcome.error}`);
  return [];
}

// ---------------------------------------------------------------- taking back

/** What was changed for another configuration than this. */
function needless({ changes }: Hand, config: AgentConfig): readonly Change[] {
  const wanted = virtualInterfacesOf(config);
  const names = new Set(wanted.map(({ name }) => name));
  const parents = new Set(wanted.map(({ parent }) => parent));
  const table = filterOf(config)?.table;
  const promoted = promotingOn(config);
  return changes.all().filter((change) => {
    if (change.type === "link") return !names.has(change.name);
    if (change.type === "filter") return change.table !== table;
    const [, , , iface = "", setting] = change.path.split("/");
    if (names.has(iface)) return false;
    if (setting === "promote_secondaries") return !promoted.has(iface);
    return setting === "rp_filter" ? wanted.length === 0 : !parents.has(iface);
  });
}

function giveBack({ kernel, changes, say, own }: Hand, which: readonly Change[]): void {
  for (const error of takeBack(kernel, changes, which).errors) say.warn(error);
  for (const path of own.keys()) if (kernel.readSysctl(path) === null) own.delete(path);
}

export type TakenBack = { readonly done: readonly Change[]; readonly errors: readonly string[] };

/** Takes changes back, the last one first. What somebody changed since stays as he wants it. */
export function takeBack(kernel: ProvisionKernel, changes: Changes, which: readonly Change[]): TakenBack {
  const done: Change[] = [];
  const errors: string[] = [];
  for (const change of which.toReversed()) {
    const outcome = undo(kernel, change);
    if (outcome === null) continue;
    if (outcome.ok) done.push(change);
    else errors.push(outcome.error);
  }
  const failed = which.filter((change) => errors.length > 0 && !done.includes(change) && stillOurs(kernel, change));
  changes.forget(which.filter((change) => !failed.includes(change)));
  return { done, errors };
}

function stillOurs(kernel: ProvisionKernel, change: Change): boolean {
  switch (change.type) {
    case "sysctl":
      return kernel.readSysctl(change.path) === change.set;
    case "link": {
      const there = kernel.interfaces.get(change.name);
      return (
        there !== undefined && isUpon(there) && (there.upon?.kind === "ipvlan" || printMac(there.mac) === change.mac)
      );
    }
    case "filter":
      return true;
  }
}

/** Null when there is nothing to take back. */
function undo(kernel: ProvisionKernel, change: Change): Outcome | null {
  if (!stillOurs(kernel, change)) return null;
  switch (change.type) {
    case "sysctl":
      return kernel.writeSysctl(change.path, change.before);
    case "link":
      return kernel.removeLink(change.name);
    case "filter":
      return kernel.removeFilter(change.table);
  }
}
