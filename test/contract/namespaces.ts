// Two network namespaces with a wire between them, and this process moving between the two.
//
// setns moves the main thread alone, and what it opens belongs to the namespace it was opened in.
// That is why the tests run in a process of their own (vitest's forks), never in a worker thread.

import { execFileSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { load } from "koffi";
import { isLinkLocal } from "../../agent/core/address.ts";
import type { Path } from "../../agent/core/path.ts";
import type { Kernel } from "../../agent/kernel.ts";
import type { Pair } from "./given.ts";

const CLONE_NEWNET = 0x40000000;
const setns = load(null).func("int setns(int fd, int kind)");

/** Why none of this can be done here; empty when it can. */
export function hindrance(): string {
  if (process.platform !== "linux") return `network namespaces are Linux's, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return "network namespaces need root";
  if (!isMainThread) return "setns moves the main thread, and this is another: run vitest with forks";
  return "";
}

/** Runs `ip` with these words; fails with what it said. */
export const ipCommand = (...words: string[]): string => execFileSync("ip", words, { encoding: "utf8", stdio: "pipe" });

/** Two namespaces, `a` being where this thread is between calls. */
export type Namespaces = {
  readonly a: string;
  readonly b: string;
  readonly atB: <T>(act: () => T) => T;
  readonly layWire: () => void;
  readonly cutWire: () => void;
  /** Brings the thread home and removes both. */
  readonly close: () => void;
};

export const WIRE = "wire0";
export const OTHER = "other0";

/** Makes the namespaces, with a wire and one more interface in each, and goes to a. `name` is a prefix of its own. */
export function openNamespaces(name: string): Namespaces {
  const unique = `${name}-${process.pid}`;
  const [a, b] = [`${unique}a`, `${unique}b`];
  const home = openSync("/proc/self/ns/net", "r");
  const made: string[] = [];
  const go = (fd: number): void => {
    if (setns(fd, CLONE_NEWNET) !== 0) throw new Error("setns failed");
  };
  const remove = (): void => {
    go(home);
    closeSync(home);
    for (const namespace of made) ipCommand("netns", "del", namespace);
  };
  const layWire = (): void => {
    ipCommand("-n", a, "link", "add", WIRE, "type", "veth", "peer", "name", WIRE, "netns", b);
    for (const [namespace, address] of [
      [a, "10.9.0.1/24"],
      [b, "10.9.0.2/24"],
    ] as const) {
      ipCommand("-n", namespace, "address", "add", address, "dev", WIRE);
      ipCommand("-n", namespace, "link", "set", WIRE, "up");
    }
  };
  try {
    for (const namespace of [a, b]) {
      ipCommand("netns", "add", namespace);
      made.push(namespace);
      ipCommand("-n", namespace, "link", "set", "lo", "up");
      // No interface waits two seconds for duplicate address detection: until then IPv6 cannot be sent.
      ipCommand("netns", "exec", namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0");
    }
    layWire();
    ipCommand("-n", a, "link", "add", OTHER, "type", "veth", "peer", "name", OTHER, "netns", b);
    for (const namespace of [a, b]) ipCommand("-n", namespace, "link", "set", OTHER, "up");
  } catch (error) {
    remove();
    throw error;
  }
  const places = [a, b].map((namespace) => openSync(`/run/netns/${namespace}`, "r"));
  const [inA = -1, inB = -1] = places;
  go(inA);
  return {
    a,
    b,
    layWire,
    cutWire: () => void ipCommand("-n", a, "link", "del", WIRE),
    atB(act) {
      go(inB);
      try {
        return act();
      } finally {
        go(inA);
      }
    },
    close() {
      remove();
      for (const fd of places) closeSync(fd);
    },
  };
}

/** What `ip` lists on one interface, as `10.0.0.1/24`. */
export function addressesByIp(namespace: string, iface: string): string[] {
  const listed: unknown = JSON.parse(ipCommand("-n", namespace, "-j", "address", "show", "dev", iface));
  const [first] = listed as { addr_info: { local: string; prefixlen: number }[] }[];
  return (first?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
}

/** Lets the loop turn until the condition holds; throws its name when it does not within five seconds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited five seconds in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Until a link is running and has a link-local address, the kernel sends no IPv6 from it. */
const usable = (kernel: Kernel, iface: string): boolean => {
  const state = kernel.interfaces.get(iface);
  return state?.up === true && state.addresses.some((held) => isLinkLocal(held.address) && held.usable);
};

/** How ip removes one. */
function wordsOfIp(path: Path): readonly string[] {
  const family = path.family === "ipv6" ? "-6" : "-4";
  if (path.kind === "rule") return [family, "rule", "del", "preference", String(path.preference)];
  const to = path.to === null ? "default" : `${path.to.address}/${path.to.length}`;
  return [family, "route", "del", to, "table", String(path.table), "metric", String(path.metric)];
}

/** The pair of kernels that the contract wants, each opened in its own namespace. */
export function pairIn(namespaces: Namespaces, open: () => Kernel): Pair {
  const a = open();
  const b = namespaces.atB(open);
  return {
    ready: () => until("both ends of the wire are usable", () => [a, b].every((kernel) => usable(kernel, WIRE))),
    a,
    b,
    wire: WIRE,
    other: OTHER,
    atB: namespaces.atB,
    setUp: (iface, up) => void ipCommand("-n", namespaces.a, "link", "set", iface, up ? "up" : "down"),
    cutWire: namespaces.cutWire,
    layWire: namespaces.layWire,
    tear: (path) => void ipCommand("-n", namespaces.a, ...wordsOfIp(path)),
    addressesOfA: (iface) => addressesByIp(namespaces.a, iface),
    until,
    close() {
      a.close();
      b.close();
      namespaces.close();
    },
  };
}
