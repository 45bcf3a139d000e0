// What goes wrong, as data: drawn from a seed, and played so that any part of it can be left out,
// shortened or moved, which is how a failure gets small.

import type { Operation } from "../../agent/core/command.ts";
import type { AgentConfig, RouterConfig, VirtualAddress } from "../../agent/core/config.ts";
import { type Duration, instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";
import { type Random, randomFrom } from "../../agent/rehearse/random.ts";
import { fairWeather } from "../../agent/rehearse/unruly-lan.ts";
import type { World } from "../../agent/rehearse/world.ts";
import { HEALTH, TRACKED } from "./swarm.ts";

export const FAULTS = [
  "loss",
  "delay",
  "duplicate",
  "noise",
  "partition",
  "oneWay",
  "crash",
  "kill",
  "stop",
  "pause",
  "drift",
  "clockStep",
  "flap",
  "check",
  "verdict",
  "detach",
  "sourceLost",
  "takenAway",
  "foreign",
  "diskFull",
  "torn",
  "reload",
  "pathTorn",
  "reconfigure",
  "operator",
] as const;
export type FaultKind = (typeof FAULTS)[number];
/** Operators come to some lives beside all that, so that the lives of old seeds stay what they were. */
const DRAWN = FAULTS.filter((kind) => kind !== "operator");

/** One of them; times in ms. What `other` and `amount` mean depends on the kind. */
export type Fault = {
  readonly kind: FaultKind;
  readonly at: number;
  readonly lasting: number;
  readonly node: number;
  readonly other: number;
  readonly amount: number;
};

/** Everything that goes wrong in a life ends before this, in ms. */
export const HEALED = 50_000;

export function drawFaults(seed: number, size: number): readonly Fault[] {
  const random = randomFrom(seed ^ 0xfa17);
  const count = random.pick([0, 1, 2, 3, 4, 5, 6, 8, 12]);
  // A swarm of its own has troubles of its own: a few kinds, again and again, find more than a bit of everything.
  const kinds = Array.from({ length: random.pick([1, 2, 4, 8]) }, () => random.pick(DRAWN));
  const faults = Array.from({ length: count }, () => drawFault(random, random.pick(kinds), size));
  const people = randomFrom(seed ^ 0x0be7a);
  const visits = Array.from({ length: people.pick([0, 0, 0, 1, 3]) }, () => drawFault(people, "operator", size));
  return [...faults, ...visits].sort((a, b) => a.at - b.at);
}

function drawFault(random: Random, kind: FaultKind, size: number): Fault {
  const at = random.between(0, HEALED - 1_000);
  const longest = Math.min(HEALED - at, random.pick([200, 2_000, 5_000, 5_000, 15_000]));
  const node = random.below(size);
  return {
    kind,
    at,
    lasting: random.between(10, Math.max(11, longest)),
    node,
    other: (node + 1 + random.below(size - 1)) % size,
    amount: random.below(1_000),
  };
}

export const tellFault = ({ kind, at, lasting, node, other, amount }: Fault): string =>
  `at ${(at / 1_000).toFixed(3)}s ${kind} rt${node} (other ${other}, amount ${amount}) for ${(lasting / 1_000).toFixed(3)}s`;

/** What faults reach beside the world: the disks and the clocks on the wall. */
export type Beside = {
  readonly setDiskFull: (node: number, full: boolean) => void;
  /** The machine dies with its last line so far on the disk, in thousandths. */
  readonly tear: (node: number, where: number) => void;
  readonly stepWall: (node: number, ms: number) => void;
  /** Something is wrong with the addresses on a machine that is nobody's fault but ours. */
  readonly disturb: (node: number) => void;
  /** Whether nothing rages any more. */
  readonly calm: (isCalm: boolean) => void;
  /** It really begins. */
  readonly began: (kind: FaultKind) => void;
};

/** Puts all of them into the course of the world. */
export function planFaults(world: World, faults: readonly Fault[], beside: Beside, tell: (line: string) => void): void {
  const raging = new Set<Fault>();
  for (const fault of faults) {
    world.time.at(instantAt(fault.at * 1_000), () => {
      tell(tellFault(fault));
      beside.began(fault.kind);
      raging.add(fault);
      beside.calm(false);
      weatherOf(world, raging);
      ACTS[fault.kind][0](sceneOf(world, fault, beside));
    });
    world.time.at(instantAt((fault.at + fault.lasting) * 1_000), () => {
      raging.delete(fault);
      weatherOf(world, raging);
      ACTS[fault.kind][1](sceneOf(world, fault, beside));
      beside.calm(raging.size === 0);
    });
  }
}

/** The weather is what all present faults make of it. */
function weatherOf({ weather, machines }: World, raging: ReadonlySet<Fault>): void {
  const { severed } = weather;
  const sum = (kind: FaultKind): number =>
    [...raging].filter((fault) => fault.kind === kind).reduce((total, { amount }) => total + amount, 0);
  severed.clear();
  Object.assign(weather, fairWeather(), { severed });
  weather.loss = Math.floor(sum("loss") / 2);
  weather.doubled = Math.floor(sum("duplicate") / 2);
  weather.flipped = Math.floor(sum("noise") / 2);
  weather.most = (weather.most + milliseconds(sum("delay") / 4)) as Duration;
  const names = machines.map(({ name }) => name);
  for (const fault of raging) for (const pair of severedBy(fault, names)) severed.add(pair);
}

function severedBy({ kind, node, other, amount }: Fault, names: readonly string[]): readonly string[] {
  if (kind === "oneWay") return [`${names[node]}>${names[other]}`];
  if (kind !== "partition") return [];
  const side = (i: number): number => (amount >> i) & 1;
  return names.flatMap((a, i) => names.flatMap((b, j) => (side(i) === side(j) ? [] : [`${a}>${b}`])));
}

const LAN = "eth0";

/** What a fault needs to happen. */
type Scene = {
  readonly world: World;
  readonly machine: Machine;
  readonly fault: Fault;
  readonly beside: Beside;
};
type Act = (scene: Scene) => void;

const nothing: Act = () => {};
const disturbing =
  (act: Act): Act =>
  (scene) => {
    scene.beside.disturb(scene.fault.node);
    act(scene);
  };

/** How each begins and ends; the weather is told elsewhere. */
const ACTS: Readonly<Record<FaultKind, readonly [Act, Act]>> = {
  loss: [nothing, nothing],
  delay: [nothing, nothing],
  duplicate: [nothing, nothing],
  noise: [nothing, nothing],
  partition: [nothing, nothing],
  oneWay: [nothing, nothing],
  crash: [({ machine }) => machine.powerOff(), comeBack],
  torn: [
    ({ machine, fault: { node, amount }, beside }) => {
      beside.tear(node, amount);
      machine.powerOff();
    },
    comeBack,
  ],
  kill: [({ machine }) => machine.kill(), startAgain],
  stop: [({ machine }) => machine.stop(), startAgain],
  pause: [({ machine, fault }) => machine.pause(milliseconds(fault.lasting)), nothing],
  drift: [
    ({ machine, fault: { amount } }) => machine.time.drift(amount * 40 - 20_000),
    ({ machine, world }) => machine.time.drift(world.site(machine.name).ppm),
  ],
  clockStep: [({ beside, fault: { node, amount } }) => beside.stepWall(node, amount * 20 - 10_000), nothing],
  flap: [({ machine }) => setUp(machine, LAN, false), ({ machine }) => setUp(machine, LAN, true)],
  check: [({ machine }) => setUp(machine, TRACKED, false), ({ machine }) => setUp(machine, TRACKED, true)],
  verdict: [({ machine }) => machine.setCheck(HEALTH, false), ({ machine }) => machine.setCheck(HEALTH, true)],
  detach: [
    disturbing(({ machine: { kernel } }) => {
      if (kernel.has(LAN)) kernel.cut(LAN);
    }),
    ({ machine }) => {
      reattach(machine);
      replant(machine);
    },
  ],
  sourceLost: [({ world, machine }) => withdraw(world, machine), ({ machine }) => replant(machine)],
  takenAway: [disturbing(({ machine, fault: { amount } }) => takeAway(machine, amount)), nothing],
  foreign: [
    disturbing(({ machine, fault: { amount } }) => intrude(machine, amount)),
    ({ machine, fault: { amount } }) => evict(machine, amount),
  ],
  diskFull: [
    ({ beside, fault: { node } }) => beside.setDiskFull(node, true),
    ({ beside, fault: { node } }) => beside.setDiskFull(node, false),
  ],
  reload: [
    ({ world, machine, fault: { node, amount } }) => machine.reload(reprioritized(world, node, amount)),
    ({ world, machine }) => machine.reload(world.site(machine.name).config),
  ],
  pathTorn: [disturbing(({ machine, fault: { amount } }) => tearPath(machine, amount)), nothing],
  reconfigure: [
    ({ world, machine, fault: { amount } }) => machine.reload(edited(world.site(machine.name).config, amount)),
    ({ world, machine }) => machine.reload(world.site(machine.name).config),
  ],
  operator: [takeOut, ({ machine }) => machine.operate(RESUME)],
};

const RESUME: Operation = { type: "resume", routers: null };

/** Drains the node or one router of it, for a time of its own or until it is told otherwise. */
function takeOut({ machine, fault: { amount, lasting } }: Scene): void {
  const keys = machine.state()?.config.routers.map(({ key }) => key) ?? [];
  const one = keys.slice(amount % Math.max(1, keys.length)).slice(0, 1);
  const lasts = amount % 3 === 0 ? milliseconds(Math.ceil(lasting / 2)) : null;
  machine.operate({ type: "drain", routers: amount % 2 === 0 ? null : one, lasts, reason: "simulated" });
}

function sceneOf(world: World, fault: Fault, beside: Beside): Scene {
  return { world, machine: machineOf(world, fault.node), fault, beside };
}

function startAgain({ world, machine }: Scene): void {
  if (!machine.serves()) machine.start(world.site(machine.name).config);
}

function comeBack(scene: Scene): void {
  scene.machine.powerOn();
  startAgain(scene);
}

function replant({ kernel, ports }: Machine): void {
  for (const { name, addresses } of ports)
    for (const { address, prefixLength } of addresses)
      if (kernel.has(name) && !kernel.truth(name).some((there) => there.address === address))
        kernel.plant(name, address, prefixLength);
}

function machineOf(world: World, node: number): Machine {
  const machine = world.machines[node];
  if (machine === undefined) throw new Error(`there is no rt${node}`);
  return machine;
}

function setUp({ kernel }: Machine, iface: string, up: boolean): void {
  if (kernel.has(iface) && kernel.isUp(iface) !== up) kernel.setUp(iface, up);
}

function withdraw(world: World, { name, kernel }: Machine): void {
  const port = world.site(name).ports.find((one) => one.name === LAN);
  for (const { address } of port?.addresses ?? []) if (kernel.has(LAN)) kernel.uproot(LAN, address);
}

function reattach({ kernel, ports }: Machine): void {
  const port = ports.find(({ name }) => name === LAN);
  // Without power there is no bus to plug it in.
  if (port !== undefined && !kernel.has(LAN) && kernel.has(TRACKED)) kernel.lay(LAN, port.lan);
}

/** Somebody removes a route or rule of ours. */
function tearPath({ kernel, state }: Machine, amount: number): void {
  const laid = (state()?.config.routers ?? []).flatMap(({ paths }) => paths).filter(kernel.isLaid);
  const path = laid[amount % Math.max(1, laid.length)];
  if (path !== undefined) kernel.tear(path);
}

/** An operator edits the file: fewer addresses, another way to preempt, another rhythm, a router less, no paths. */
function edited(config: AgentConfig, amount: number): AgentConfig {
  const each = (edit: (router: RouterConfig) => RouterConfig) => ({ ...config, routers: config.routers.map(edit) });
  switch (amount % 5) {
    case 0:
      return each((router) => ({ ...router, virtualAddresses: router.virtualAddresses.slice(0, 1) }));
    case 1:
      return each((router) => ({ ...router, preempt: !router.preempt || router.basePriority === 255 }));
    case 2:
      return each((router) => ({ ...router, adverInterval: seconds(3) }));
    case 3:
      return { ...config, routers: config.routers.slice(0, 1), groups: [] };
    default:
      return each((router) => ({ ...router, paths: [], hooks: usualHooks }));
  }
}

/** One of the virtual addresses on the LAN. */
function victim(machine: Machine, amount: number): VirtualAddress | undefined {
  const all = (machine.state()?.config.routers ?? [])
    .flatMap(({ virtualAddresses }) => virtualAddresses)
    .filter((own) => own.interface === LAN || own.vmac);
  return all[amount % Math.max(1, all.length)];
}

function takeAway(machine: Machine, amount: number): void {
  const own = victim(machine, amount);
  if (own !== undefined && machine.kernel.has(own.interface)) machine.kernel.uproot(own.interface, own.address);
}

function intrude(machine: Machine, amount: number): void {
  const own = victim(machine, amount);
  if (own !== undefined && machine.kernel.has(own.interface))
    machine.kernel.plant(own.interface, own.address, own.prefixLength);
}

function evict(machine: Machine, amount: number): void {
  const own = victim(machine, amount);
  if (own === undefined || !machine.kernel.has(own.interface)) return;
  const there = machine.kernel
    .truth(own.interface)
    .some(({ address, protocol }) => address === own.address && protocol === 0);
  if (there) machine.kernel.uproot(own.interface, own.address);
}

function reprioritized(world: World, node: number, amount: number) {
  const { config } = world.site(`rt${node}`);
  const basePriority = 1 + (amount % 254);
  const routers = config.routers.map((router) => (router.basePriority === 255 ? router : { ...router, basePriority }));
  return { ...config, routers };
}
