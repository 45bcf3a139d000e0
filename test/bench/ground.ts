// Where it is measured: a bridge, two routers and a client, built anew for every run, with one daemon on both
// routers or on one; and what keeps the processors busy meanwhile, where that is asked.

import { availableParallelism } from "node:os";
import { wallClock } from "../../agent/linux/ffi.ts";
import { type Daemon, start } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";
import { createLan, type Host, type HostSpec, type Lan } from "../netns/lan.ts";
import { launch, type Name, type Running } from "./contestant.ts";

export type Ground = {
  readonly lan: Lan;
  readonly rt1: Host;
  readonly rt2: Host;
  readonly client: Host;
  /** Starts the daemon that is measured, and waits until it runs. */
  readonly start: (host: Host, config: string) => Promise<Running>;
  /** Starts it and waits for nothing. */
  readonly launch: (host: Host, config: string) => Promise<Running>;
};

const HOSTS: readonly HostSpec[] = [
  { name: "rt1", addresses: ["192.168.1.11/24"] },
  { name: "rt2", addresses: ["192.168.1.12/24"] },
  { name: "client", addresses: ["192.168.1.21/24"] },
];

/** Microseconds since 1970 on the clock that stamps packets. */
export const now = wallClock;

/** Builds it, measures, and removes everything, whatever happens. */
export async function onGround<T>(who: Name, body: (ground: Ground) => Promise<T>): Promise<T> {
  const lan = await createLan("bench", HOSTS);
  const started: Running[] = [];
  const begin = async (host: Host, config: string): Promise<Running> => {
    const running = await launch(who, host, config);
    started.push(running);
    return running;
  };
  try {
    return await body({
      lan,
      rt1: lan.host("rt1"),
      rt2: lan.host("rt2"),
      client: lan.host("client"),
      launch: begin,
      start: async (host, config) => {
        const running = await begin(host, config);
        await running.ready();
        return running;
      },
    });
  } finally {
    await Promise.all(started.map(die));
    await lan.remove();
  }
}

/** As if its machine lost power: everything it has started, at once. */
export async function die(running: Daemon): Promise<void> {
  running.signalAll("SIGKILL");
  await running.ended;
}

/** Takes away what a daemon that died has left on a host. */
export async function clear(host: Host): Promise<void> {
  for (const family of ["10.0.0.0/8", "2001:db8:1::/48"])
    await host.attempt(["ip", "address", "flush", "dev", "eth0", "to", family]);
  await host.attempt(["ip", "address", "flush", "dev", "eth0", "to", "fe80::5:0/112"]);
}

/** Waits until a host holds so many of the addresses that are measured. */
export async function holds(host: Host, count: number): Promise<void> {
  const there = async (): Promise<boolean> =>
    (await host.addresses()).filter(({ address }) => /^(10\.|2001:db8:1:|fe80::5:)/.test(address)).length >= count;
  await eventually(`${host.name} holds ${count} addresses`, there, { within: 60_000, every: 100 });
}

/** Keeps every processor busy, at the priority of everybody, as long as something is measured. */
export async function whileBusy<T>(isBusy: boolean, body: () => Promise<T>): Promise<T> {
  if (!isBusy) return body();
  const loops: Daemon[] = [];
  // Should this process be killed, `timeout` is what ends them.
  for (let i = 0; i < availableParallelism(); i++)
    loops.push(await start("busy loop", ["timeout", "250", process.execPath, "-e", "for(;;);"]));
  const end = (): void => {
    for (const loop of loops) loop.signalAll("SIGKILL");
  };
  process.once("exit", end);
  try {
    return await body();
  } finally {
    end();
    process.off("exit", end);
    await Promise.all(loops.map(({ ended }) => ended));
  }
}
