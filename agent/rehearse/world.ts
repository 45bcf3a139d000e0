// Several machines on their LANs, in one process and one time: what a rehearsal and the simulator play
// with, and what can go wrong for all of them.

import type { AgentConfig } from "../core/config.ts";
import type { Turn } from "../core/state.ts";
import { after, type Instant, instantAt, milliseconds } from "../core/time.ts";
import { type Machine, type MachineOptions, machineOn, type Place } from "./machine.ts";
import { type Random, randomFrom } from "./random.ts";
import { fairWeather, type OnMishap, unrulyLan, type Weather } from "./unruly-lan.ts";
import { type VirtualTime, virtualTime } from "./virtual-time.ts";

/** A machine as it is bought: its configuration, and on which LAN each of its interfaces is. */
export type Site = {
  readonly name: string;
  readonly config: AgentConfig;
  readonly ports: readonly { readonly name: string; readonly lan: string; readonly addresses: readonly Place[] }[];
  readonly uptime: Instant;
  readonly ppm: number;
};

export type World = {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly machines: readonly Machine[];
  readonly sites: readonly Site[];
  readonly weather: Weather;
  readonly machine: (name: string) => Machine;
  readonly site: (name: string) => Site;
  /** Switches on what is off, starts what does not run, and mends every cable. */
  readonly heal: () => void;
};

export type WorldOptions = {
  readonly seed: number;
  readonly sites: readonly Site[];
  readonly openLog?: MachineOptions["openLog"];
  readonly openHooks?: MachineOptions["openHooks"];
  readonly onTurn?: (turn: Turn, machine: Machine) => void;
  readonly onMishap?: OnMishap;
};

/** Builds the LANs and switches the machines on; the daemons start within the first tenth of a second, as they do. */
export function buildWorld({ seed, sites, openLog, openHooks, onTurn, onMishap }: WorldOptions): World {
  const time = virtualTime(instantAt(0));
  const random = randomFrom(seed);
  const weather = fairWeather();
  const names = [...new Set(sites.flatMap(({ ports }) => ports.map(({ lan }) => lan)))];
  const lans = new Map(names.map((lan) => [lan, unrulyLan(time, random, weather, onMishap)]));
  const machines = sites.map(({ name, ports, uptime, ppm }) =>
    machineOn(
      time,
      {
        name,
        uptime,
        ppm,
        ports: ports.flatMap(({ name: iface, lan, addresses }) => {
          const wire = lans.get(lan);
          return wire === undefined ? [] : [{ name: iface, lan: wire, addresses }];
        }),
      },
      {
        ...(openLog === undefined ? {} : { openLog }),
        ...(openHooks === undefined ? {} : { openHooks }),
        ...(onTurn === undefined ? {} : { onTurn }),
      },
    ),
  );
  const machine = (name: string): Machine => found(machines, name);
  const site = (name: string): Site => found(sites, name);
  for (const one of machines)
    time.at(after(time.now(), milliseconds(random.below(100))), () => one.serves() || one.start(site(one.name).config));
  return {
    time,
    random,
    machines,
    sites,
    weather,
    machine,
    site,
    heal: () => {
      Object.assign(weather, { ...fairWeather(), severed: weather.severed });
      weather.severed.clear();
      for (const one of machines) mend(one, site(one.name));
    },
  };
}

function mend(machine: Machine, { config, ports }: Site): void {
  machine.powerOn();
  for (const { name } of config.checks) machine.setCheck(name, true);
  for (const { name, addresses } of ports) {
    machine.kernel.refuse(null);
    if (!machine.kernel.isUp(name)) machine.kernel.setUp(name, true);
    for (const { address, prefixLength } of addresses)
      if (!machine.kernel.truth(name).some((there) => there.address === address))
        machine.kernel.plant(name, address, prefixLength);
  }
  if (!machine.serves()) machine.start(config);
}

function found<One extends { readonly name: string }>(all: readonly One[], name: string): One {
  const one = all.find((other) => other.name === name);
  if (one === undefined) throw new Error(`there is no ${name}`);
  return one;
}
