// What checks ask of Linux: echoes, neighbours, routes and processes. Only a real machine answers, so there
// is no other kernel that keeps this part of the contract.

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Begun, Kernel, RouteSeen } from "../../agent/kernel.ts";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { mustSkip } from "../netns/requirements.ts";
import { ip } from "./given.ts";
import { ipCommand, type Namespaces, OTHER, openNamespaces, until, WIRE } from "./namespaces.ts";

const ENODEV = 19;
const EBADF = 9;

const forget = (begun: Begun): void => {
  if (begun.ok) begun.forget();
};

describe.skipIf(mustSkip("what Linux is asked", ["ip"]))("what Linux is asked", () => {
  let namespaces: Namespaces;
  let kernel: Kernel;
  beforeAll(async () => {
    namespaces = openNamespaces("lxq");
    for (const [place, address] of [
      [namespaces.a, "2001:db8::1/64"],
      [namespaces.b, "2001:db8::2/64"],
    ] as const)
      ipCommand("-n", place, "address", "add", address, "dev", WIRE, "nodad");
    kernel = openLinuxKernel();
    await until("the wire is up", () => kernel.interfaces.get(WIRE)?.up === true);
    await until("it has both families", () => (kernel.interfaces.get(WIRE)?.addresses.length ?? 0) >= 2);
  });
  afterAll(() => {
    kernel?.close();
    namespaces?.close();
  });
  const inA = (...words: string[]): string => ipCommand("-n", namespaces.a, ...words);

  it.each(["10.9.0.2", "2001:db8::2"])("hears the echo of %s once, and none that it has given up", async (address) => {
    let heard = 0;
    let late = 0;
    const target = { address, device: null, source: null };
    forget(kernel.sendEcho(target, () => late++));
    expect(kernel.sendEcho(target, () => heard++)).toMatchObject({ ok: true });
    await until("it is back", () => heard > 0);
    // Through an interface and from an address that are named.
    const source = ip(address.includes(":") ? "2001:db8::1" : "10.9.0.1");
    let again = 0;
    expect(kernel.sendEcho({ address, device: WIRE, source }, () => again++)).toMatchObject({ ok: true });
    await until("that is back, too", () => again > 0);
    expect({ heard, late, again }).toEqual({ heard: 1, late: 0, again: 1 });
  });

  it("hears no echo of who is not there, and says why it cannot ask", async () => {
    let heard = 0;
    const nobody = kernel.sendEcho({ address: "10.9.0.99", device: null, source: null }, () => heard++);
    let other = 0;
    kernel.sendEcho({ address: "10.9.0.2", device: null, source: null }, () => other++);
    await until("another one is back", () => other > 0);
    expect(heard).toBe(0);
    forget(nobody);
    const outcome = kernel.sendEcho({ address: "203.0.113.1", device: null, source: null }, () => heard++);
    expect(outcome).toMatchObject({ ok: false, error: expect.stringMatching(/^ENETUNREACH: /) });
  });

  it.each(["10.9.0.2", "2001:db8::2"])("hears where the neighbour %s is", async (address) => {
    const [peer] = JSON.parse(ipCommand("-n", namespaces.b, "-j", "link", "show", "dev", WIRE));
    const macs: string[] = [];
    expect(kernel.askNeighbour(ip(address), null, (mac) => macs.push(mac))).toMatchObject({ ok: true });
    await until("it answers", () => macs.length > 0);
    expect(macs).toEqual([peer.address]);
    const named: string[] = [];
    expect(kernel.askNeighbour(ip(address), WIRE, (mac) => named.push(mac))).toMatchObject({ ok: true });
    await until("also when the interface is named", () => named.length > 0);
    expect(named).toEqual([peer.address]);
    // On another wire nobody has it; where no network has it, nobody can be asked.
    const elsewhere: string[] = [];
    forget(kernel.askNeighbour(ip(address), OTHER, (mac) => elsewhere.push(mac)));
    expect(elsewhere).toEqual([]);
    expect(kernel.askNeighbour(ip("203.0.113.1"), null, () => {})).toMatchObject({ ok: false, errno: ENODEV });
  });

  it("tells the routes to a prefix: those that are there, those that come, and that they go with their link", async () => {
    inA("route", "add", "192.0.3.0/24", "via", "10.9.0.2", "metric", "5");
    let seen: readonly RouteSeen[] | null = null;
    const stop = kernel.watchRoutes({ prefix: "192.0.3.0/24", table: 254 }, (routes) => {
      seen = routes;
    });
    const metrics = (): string => (seen ?? []).map(({ metric }) => metric).toString();
    await until("the one is known", () => metrics() === "5");
    expect(seen).toEqual([
      { prefix: "192.0.3.0/24", table: 254, metric: 5, hops: [{ via: "10.9.0.2", device: WIRE }] },
    ]);
    inA("route", "add", "192.0.3.0/24", "dev", OTHER, "metric", "6");
    await until("the other one, too", () => metrics() === "5,6");
    inA("link", "set", OTHER, "down");
    await until("it goes with its link", () => metrics() === "5");
    inA("route", "del", "192.0.3.0/24", "metric", "5");
    await until("none is left", () => seen?.length === 0);
    stop();
    inA("link", "set", OTHER, "up");
    inA("route", "add", "192.0.3.0/24", "via", "10.9.0.2");
    let others: readonly RouteSeen[] = [];
    const watched = kernel.watchRoutes({ prefix: "192.0.3.0/24", table: 254 }, (routes) => {
      others = routes;
    });
    await until("somebody else is told", () => others.length === 1);
    expect(seen, "who has stopped is told nothing").toEqual([]);
    watched();
    inA("route", "del", "192.0.3.0/24");
  });

  it("tells processes that begin and end, or says why it cannot", async () => {
    const pids: number[] = [];
    let many = false;
    const begun = kernel.watchProcesses((told) => {
      if (told === null) many = true;
      else pids.push(...told);
    });
    if (!begun.ok) {
      // Outside of the first namespaces the kernel tells nobody.
      expect(begun.error).toMatch(/^E[A-Z]+: .*events of processes/);
      return;
    }
    await until("one is told", () => {
      const { pid } = spawnSync("true");
      return many || pids.includes(pid);
    }).catch((error: unknown) => {
      // A namespace may have the socket and hear nothing; then nothing was told at all.
      if (pids.length > 0) throw error;
    });
    begun.forget();
  });

  it("asks nobody when it is closed", () => {
    const closed = openLinuxKernel();
    closed.close();
    expect(closed.sendEcho({ address: "10.9.0.2", device: null, source: null }, () => {})).toMatchObject({
      errno: EBADF,
    });
    expect(closed.askNeighbour(ip("10.9.0.2"), null, () => {})).toMatchObject({ errno: EBADF });
  });
});
