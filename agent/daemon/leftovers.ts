// Addresses on this machine that belong to nobody living: what a daemon that died left behind, told
// apart from what somebody else put there.

import { readFileSync } from "node:fs";
import { release } from "node:os";
import type { AgentConfig, VirtualAddress } from "../core/config.ts";
import { PRIORITY_OWNER } from "../core/config.ts";
import { ADDRESS_PROTOCOL, type Kernel, type Outcome } from "../kernel.ts";
import { type Holdings, holdingsOf } from "../log/holdings.ts";
import type { Line } from "../log/line.ts";
import { readSegment } from "../log/read.ts";
import { segmentsOf } from "../log/recover.ts";

/** This boot of the kernel; addresses of an earlier one are gone whatever its log says. */
export const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** What the last daemon on this state directory may have left, by its log and the lines that the disk did not take. */
export function leftBy(stateDirectory: string, unwritten: readonly Line[] = []): Holdings {
  let lines = unwritten;
  for (const path of [...segmentsOf(stateDirectory)].reverse()) {
    if (lines[0]?.type === "header") break;
    lines = [...readSegment(path).lines, ...lines];
  }
  const header = lines.findLast((line) => line.type === "header");
  return header?.boot === bootId() ? holdingsOf(lines) : new Map();
}

type InterfaceKernel = Pick<Kernel, "interfaces" | "removeAddresses">;

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

/** What is still there of it. */
export const stillThere = (kernel: Pick<Kernel, "interfaces">, holdings: Holdings): readonly VirtualAddress[] =>
  [...holdings.values()].filter((own) => isOurs(kernel, own));

/** Takes away what is still there of it; tells what could not be. */
export function removeLeftovers(
  kernel: InterfaceKernel,
  holdings: Holdings,
): { readonly removed: readonly VirtualAddress[]; readonly errors: readonly string[] } {
  const there = stillThere(kernel, holdings);
  const removed: VirtualAddress[] = [];
  const errors: string[] = [];
  for (let i = 0; i < there.length; i += BURST) {
    const burst = there.slice(i, i + BURST);
    for (const [j, outcome] of kernel.removeAddresses(burst).entries()) {
      const own = burst[j];
      if (own !== undefined && !failed(outcome)) removed.push(own);
      else if (own !== undefined && !outcome.ok) errors.push(`${own.address} on ${own.interface}: ${outcome.error}`);
    }
  }
  return { removed, errors };
}

const BURST = 50;
/** No such address, no such interface: gone is gone. */
const failed = (outcome: Outcome): boolean => !outcome.ok && outcome.errno !== 99 && outcome.errno !== 19;

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
  for (const { name, interface: iface, virtualAddresses, basePriority } of config.routers) {
    for (const wanted of [iface, ...virtualAddresses.map((own) => own.interface)])
      if (!kernel.interfaces.has(wanted) && !missing.has(wanted)) {
        missing.add(wanted);
        sentences.push(`${name}: there is no interface ${wanted}; create it first, or correct the name (ip -br link)`);
      }
    if (basePriority === PRIORITY_OWNER) continue;
    for (const own of virtualAddresses) sentences.push(...occupied(kernel, name, own, ours));
  }
  return sentences;
}

function occupied(
  kernel: Pick<Kernel, "interfaces">,
  name: string,
  { address, interface: iface }: VirtualAddress,
  ours: ReadonlySet<string>,
): string[] {
  const holder = [...kernel.interfaces.values()].find((there) => there.addresses.some((a) => a.address === address));
  if (holder === undefined || ours.has(address)) return [];
  const there = holder.addresses.find((a) => a.address === address);
  return [
    `${name}: ${address} is on ${holder.name} already and heird did not put it there; ` +
      `stop what did, then: ip addr del ${address}/${there?.prefixLength ?? ""} dev ${holder.name} ` +
      `(or give priority 255 to the router that owns the address on ${iface})`,
  ];
}
