// Addresses on this machine that belong to nobody living: what a daemon that died left behind, told
// apart from what somebody else put there.

import { readFileSync } from "node:fs";
import { release } from "node:os";
import type { IpAddress } from "../core/address.ts";
import type { AgentConfig, VirtualAddress } from "../core/config.ts";
import { PRIORITY_OWNER } from "../core/config.ts";
import { heldBy } from "../core/holdings.ts";
import { wordsOf } from "../core/path.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import { type Holdings, holdingsOf } from "../log/holdings.ts";
import { isPath } from "../log/ledger.ts";
import type { Line } from "../log/line.ts";
import { readSegment } from "../log/read.ts";
import { segmentsOf } from "../log/recover.ts";

/** This boot of the kernel; addresses of an earlier one are gone whatever its log says. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** What the last daemon may have left, by its last lines. */
export function leftBy(lines: readonly Line[]): Holdings {
  const header = lines.findLast((line) => line.type === "header");
  return header?.boot === bootId() ? holdingsOf(lines) : new Map();
}

/** The network namespace it lived in; empty for that of the machine, or when there was none. */
export function networkOf(lines: readonly Line[]): string {
  for (const line of lines.toReversed()) {
    if (line.type === "header") return line.config.netNamespace;
    if (line.type === "event" && line.seen.type === "configured") return line.seen.config.netNamespace;
  }
  return "";
}

/** The last segment of the log, with the lines that the disk did not take: read once for all that is asked of them. */
export function lastLife(stateDirectory: string, unwritten: readonly Line[] = []): readonly Line[] {
  let lines = unwritten;
  for (const path of [...segmentsOf(stateDirectory)].reverse()) {
    if (lines[0]?.type === "header") break;
    lines = [...readSegment(path).lines, ...lines];
  }
  return lines;
}

type InterfaceKernel = Pick<Kernel, "interfaces" | "removeAddresses" | "removePaths">;

const addressesIn = (holdings: Holdings): readonly VirtualAddress[] =>
  [...holdings.values()].flatMap((own) => (isPath(own) ? [] : [own]));

/**
 * Kernels from 5.18 on tell who put an address there. A daemon that died between wanting an address and
 * hearing that somebody else had it first cannot know from its log; the kernel does.
 */
const TELLS_WHO = toldSince(release());

function toldSince(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  return major > 5 || (major === 5 && minor >= 18);
}

const isOurs = (kernel: Pick<Kernel, "interfaces">, { interface: iface, address, prefixLength }: VirtualAddress) =>
  kernel.interfaces
    .get(iface)
    ?.addresses.some(
      (there) =>
        there.address === address &&
        there.prefixLength === prefixLength &&
        (there.protocol === ADDRESS_PROTOCOL || !TELLS_WHO),
    ) === true;

/** The addresses that are still there of it. */
export const stillThere = (kernel: Pick<Kernel, "interfaces">, holdings: Holdings): readonly VirtualAddress[] =>
  addressesIn(holdings).filter((own) => isOurs(kernel, own));

/** Takes away what is still there of it, in words; tells what could not be. */
export function removeLeftovers(
  kernel: InterfaceKernel,
  holdings: Holdings,
): { readonly removed: readonly string[]; readonly errors: readonly string[] } {
  const paths = [...holdings.values()].filter(isPath);
  // Rules before the routes they lead to, routes before the addresses they lean on. Paths are ours by their protocol.
  const bent = paths.toSorted((a, b) => (a.kind === b.kind ? 0 : a.kind === "rule" ? -1 : 1));
  const removed: string[] = [];
  const errors: string[] = [];
  const take = <T>(own: readonly T[], ask: (burst: readonly T[]) => readonly Outcome[], words: (one: T) => string) => {
    for (let i = 0; i < own.length; i += BURST) {
      const burst = own.slice(i, i + BURST);
      for (const [j, outcome] of ask(burst).entries()) {
        const one = burst[j];
        if (one !== undefined && outcome.ok) removed.push(words(one));
        else if (one !== undefined && failed(outcome) && !outcome.ok) errors.push(`${words(one)}: ${outcome.error}`);
      }
    }
  };
  take(bent, kernel.removePaths, wordsOf);
  take(
    stillThere(kernel, holdings),
    kernel.removeAddresses,
    (own) => `${own.address}/${own.prefixLength} on ${own.interface}`,
  );
  return { removed, errors };
}

const BURST = 50;
/** No such address, interface, route, rule: gone is gone. */
const GONE: ReadonlySet<number> = new Set([99, 19, 3, 2]);
const failed = (outcome: Outcome): boolean => !outcome.ok && !GONE.has(outcome.errno);

/**
 * What on this machine forbids a configuration, in sentences with the remedy: interfaces that are
 * missing, and virtual addresses that somebody else has put here. `ours` are not held against it.
 */
export function hindrances(
  kernel: Pick<Kernel, "interfaces">,
  config: AgentConfig,
  ours: ReadonlySet<string>,
): readonly string[] {
  const missing = new Set<string>();
  const sentences: string[] = [];
  const holders = holdersIn(kernel);
  for (const router of config.routers) {
    const { name, interface: iface, basePriority, virtualInterfaces } = router;
    const { addresses } = heldBy(router);
    const made = new Set(virtualInterfaces.map((one) => one.name));
    const parents = virtualInterfaces.map(({ parent }) => parent);
    const needed = [iface, ...parents, ...addresses.map((own) => own.interface)];
    for (const wanted of needed.filter((one) => !made.has(one)))
      if (wanted !== "" && !kernel.interfaces.has(wanted) && !missing.has(wanted)) {
        missing.add(wanted);
        if (config.dynamicInterfaces) continue;
        sentences.push(
          `${name}: there is no interface ${wanted}; create it first, correct the name (ip -br link), or write dynamic_interfaces into global_defs to wait for it`,
        );
      }
    if (basePriority === PRIORITY_OWNER) continue;
    for (const own of addresses) sentences.push(...occupied(holders, name, own, ours));
  }
  return sentences;
}

type Holder = { readonly name: string; readonly prefixLength: number };
type Holders = ReadonlyMap<IpAddress, Holder>;

/** Every address of this machine, with the first interface that has it: a reload asks for each of thousands. */
function holdersIn({ interfaces }: Pick<Kernel, "interfaces">): Holders {
  const holders = new Map<IpAddress, Holder>();
  for (const { name, addresses } of interfaces.values())
    for (const { address, prefixLength } of addresses)
      if (!holders.has(address)) holders.set(address, { name, prefixLength });
  return holders;
}

function occupied(
  holders: Holders,
  name: string,
  { address, interface: iface }: VirtualAddress,
  ours: ReadonlySet<string>,
): string[] {
  const holder = holders.get(address);
  if (holder === undefined || ours.has(address)) return [];
  return [
    `${name}: ${address} is on ${holder.name} already and heird did not put it there; ` +
      `stop what did, then: ip addr del ${address}/${holder.prefixLength} dev ${holder.name} ` +
      `(or give priority 255 to the router that owns the address on ${iface})`,
  ];
}
