// One life of a swarm: two minutes, of which the first fifty seconds may be terrible, the next forty-five
// must end in peace, and the last bring one death that everybody was made for.

import type { RouterConfig } from "../../agent/core/config.ts";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import { lifeOf } from "../../agent/log/errands.ts";
import { accountOnly } from "../../agent/rehearse/machine.ts";
import { randomFrom } from "../../agent/rehearse/random.ts";
import type { OnMishap } from "../../agent/rehearse/unruly-lan.ts";
import { buildWorld, type Site, type World } from "../../agent/rehearse/world.ts";
import { EPOCH } from "../log/memory-store.ts";
import { priorityOf } from "./bytes.ts";
import { type Checker, createChecker } from "./checker.ts";
import { type Disk, emptyDisk, IDENTITY, judgeDisk, openDisk } from "./disk.ts";
import { type Epilogue, lastDeath } from "./epilogue.ts";
import { type Beside, drawFaults, type Fault, HEALED, planFaults } from "./faults.ts";
import { addressesIffMaster, leftBehind } from "./holdings.ts";
import { settlingTime, standing, wrongMasters } from "./liveness.ts";
import { openTelling, type Telling } from "./programs.ts";
import { noneYet, type Situation, type Sometimes, saw } from "./sometimes.ts";
import { drawSwarm } from "./swarm.ts";

export type Life = {
  readonly seed: number;
  readonly sites: readonly Site[];
  readonly faults: readonly Fault[];
  readonly failures: readonly string[];
  readonly story: readonly string[];
  /** The same for the same seed, wherever it is played. */
  readonly hash: string;
  readonly sometimes: Sometimes;
  readonly turns: number;
  readonly failovers: number;
  /** What a real log of each machine says, line by line; empty where an account stood in, or lines are missing. */
  readonly logs: ReadonlyMap<string, readonly string[]>;
};

export const LIFE_SECONDS = 120;
const DEATH = 97_000_000;
const END = LIFE_SECONDS * 1_000_000;
/** One life in so many has the real log; in the others an account of addresses stands in for it. */
export const LOGGED = 8;

const WALL = 1_764_000_000_000;

export function play(seed: number, given: readonly Fault[] | null = null): Life {
  const sites = drawSwarm(seed);
  const faults = given ?? drawFaults(seed, sites.length);
  const sometimes = noneYet();
  const logged = seed % LOGGED === 0;
  const disks = new Map(sites.map(({ name }) => [name, emptyDisk()]));
  const tellings = new Map<string, Telling>();
  const fates = randomFrom(seed ^ 0x40c5);
  const walls = new Map<string, number>();
  let turns = 0;
  const { tell, fail, failures, story } = chronicle(() => world.time.now());
  const checker = createChecker(() => world, { fail, tell, sometimes });
  const wallOf = (name: string): number => WALL + Math.floor(world.time.now() / 1_000) + (walls.get(name) ?? 0);
  const world: World = buildWorld({
    seed,
    sites,
    openLog: (kernel) => {
      const name = kernel.name;
      const disk = disks.get(name);
      return logged && disk !== undefined ? openDisk(disk, kernel, () => wallOf(name), fail) : accountOnly();
    },
    openHooks: (kernel, config) => {
      const { name } = kernel;
      tellings.delete(name);
      if (config.routers.every(({ hooks }) => hooks === usualHooks)) return null;
      // Without a log nobody knows what a dead daemon has not told, and nothing is told under an old name.
      const life = logged ? lifeOf(EPOCH, IDENTITY.boot) : `${name}-${turns}`;
      const unfinished = (logged ? disks.get(name)?.unfinished : null) ?? [];
      const telling = openTelling({
        kernel,
        random: fates,
        wall: () => wallOf(name),
        life,
        unfinished,
        fail,
        sometimes,
      });
      tellings.set(name, telling);
      return telling.hooks;
    },
    onTurn: (turn, machine) => {
      turns += 1;
      tellings.get(machine.name)?.see(turn);
      checker.onTurn(turn, machine);
    },
    onMishap: noticeMishap(sometimes),
  });
  planFaults(world, faults, besideOf(world, { disks, walls, checker, sometimes }), tell);
  noticeSwarm(sites, faults, logged, sometimes, world);
  live(world, { fail, tell, failures, seed, checker, tellings });
  if (failures.length === 0 && logged) readDisks(world, disks, fail);
  let hash = story.reduce(mix, 0x811c9dc5);
  for (const { texts } of disks.values()) for (const text of texts) hash = mix(hash, text.replace(OF_THIS_MACHINE, ""));
  return {
    seed,
    sites,
    faults,
    failures,
    story,
    hash: (hash >>> 0).toString(16),
    sometimes,
    turns,
    failovers: story.filter((line) => line.includes("-> master")).length,
    logs: new Map([...disks].map(([name, { texts, missed }]) => [name, missed ? [] : texts])),
  };
}

/** What happened, and what was wrong with it, each with its time. */
function chronicle(now: () => Instant) {
  const failures: string[] = [];
  const story: string[] = [];
  const at = (): string => (now() / 1_000_000).toFixed(6);
  const tell = (line: string): void => void story.push(`${at().padStart(11)}  ${line}`);
  const fail = (says: string): void => {
    if (failures.length > 20) return;
    failures.push(`${at()}s ${says}`);
    tell(`VIOLATION ${says}`);
  };
  return { tell, fail, failures, story };
}

const noticeMishap =
  (sometimes: Sometimes): OnMishap =>
  (what, { kind, bytes }) => {
    const priority = kind === "packet" ? priorityOf(bytes) : null;
    if (priority === null) return;
    if (what === "overtook") saw(sometimes, "advertisements that overtook each other");
    if (what === "doubled") saw(sometimes, "advertisement that came twice");
    if (what === "lost" && priority === 0) saw(sometimes, "resignation lost");
  };

type Living = {
  readonly fail: (says: string) => void;
  readonly tell: (line: string) => void;
  readonly failures: readonly string[];
  readonly seed: number;
  readonly checker: Checker;
  readonly tellings: ReadonlyMap<string, Telling>;
};

function live(world: World, { fail, tell, failures, seed, checker, tellings }: Living): void {
  const { time } = world;
  const healed = HEALED * 1_000;
  // The slowest swarms are given until the death.
  const settled = Math.min(healed + settlingTime(world), DEATH - 1);
  let peace = "";
  let epilogue: Epilogue | null = null;
  time.at(instantAt(healed), () => {
    tell("everything is healed");
    world.heal();
    checker.calm(true);
  });
  time.at(instantAt(settled), () => {
    for (const says of wrongMasters(world)) fail(`S1: ${says}`);
    peace = standing(world);
  });
  time.at(instantAt(DEATH), () => {
    if (standing(world) !== peace) fail(`S1: it does not stay: ${peace}, then ${standing(world)}`);
    for (const machine of world.machines) for (const says of addressesIffMaster(machine)) fail(`S4: ${says}`);
    quiet(world, tellings);
    checker.calm(false);
    epilogue = lastDeath(world, seed, tell);
  });
  time.at(instantAt(END - 1), () => {
    for (const says of epilogue?.judge() ?? []) fail(says);
    quiet(world, tellings);
    for (const machine of world.machines)
      if (machine.state() === null)
        for (const says of leftBehind(machine, world.site(machine.name).config.routers))
          fail(`S4: ${machine.name}: ${says}`);
  });
  advance(world, instantAt(END), failures);
  for (const machine of world.machines)
    if (machine.failure() !== null) fail(`${machine.name} ended: ${String(machine.failure())}`);
}

/** S6: nobody moves, so everybody has been told, or is being told. */
function quiet(world: World, tellings: ReadonlyMap<string, Telling>): void {
  for (const machine of world.machines) {
    const state = machine.state();
    if (state === null || !machine.serves()) continue;
    const wordOf = (queue: string): string | null => {
      const router = state.routers.find(({ config }) => queue === `INSTANCE ${config.name}`);
      return router === undefined ? null : WORDS[router.phase.name];
    };
    tellings.get(machine.name)?.settle(wordOf);
  }
}
const WORDS = { master: "MASTER", backup: "BACKUP", fault: "FAULT", initialize: "STOP" } as const;

/** To the end, or to the first thing that is wrong. */
function advance({ time, machines }: World, until: Instant, failures: readonly string[]): void {
  let steps = 0;
  while (failures.length === 0 && time.now() < until && time.next()) {
    steps += 1;
    if (steps % 256 === 0 && machines.some((machine) => machine.failure() !== null)) return;
  }
}

type Own = {
  readonly disks: ReadonlyMap<string, Disk>;
  readonly walls: Map<string, number>;
  readonly checker: Checker;
  readonly sometimes: Sometimes;
};

function besideOf(world: World, { disks, walls, checker, sometimes }: Own): Beside {
  const nameOf = (node: number): string => world.machines[node]?.name ?? "";
  const diskOf = (node: number): Disk => disks.get(nameOf(node)) ?? emptyDisk();
  return {
    setDiskFull: (node, full) => {
      diskOf(node).full = full;
    },
    tear: (node, where) => {
      if (diskOf(node).lost === 0) diskOf(node).tear = where;
    },
    stepWall: (node, ms) => void walls.set(nameOf(node), (walls.get(nameOf(node)) ?? 0) + ms),
    calm: checker.calm,
    began: (kind) => saw(sometimes, `fault: ${kind}`),
    disturb: (node) => checker.disturb(world.machine(nameOf(node))),
  };
}

const KINDS_OF_ROUTER: readonly (readonly [Situation, (router: RouterConfig) => boolean])[] = [
  ["IPv6", ({ family }) => family === "ipv6"],
  ["VRRPv2", ({ version }) => version === 2],
  ["owner of the addresses", ({ basePriority }) => basePriority === 255],
  ["unicast", ({ transport }) => transport.to.type === "unicast"],
  ["virtual MAC address", ({ vmac }) => vmac !== null],
  ["routes and rules of a Master", ({ paths }) => paths.length > 0],
];

function noticeSwarm(
  sites: readonly Site[],
  faults: readonly Fault[],
  logged: boolean,
  sometimes: Sometimes,
  world: World,
): void {
  const routers = sites.flatMap(({ config }) => config.routers);
  for (const [situation, holds] of KINDS_OF_ROUTER) if (routers.some(holds)) saw(sometimes, situation);
  if (sites.length === 8) saw(sometimes, "eight routers");
  const has = (kind: Fault["kind"]): boolean => faults.some((fault) => fault.kind === kind);
  if (has("drift")) saw(sometimes, "clock that drifts by per cents");
  if (logged && has("torn")) saw(sometimes, "log torn and read again");
  if (logged && has("diskFull")) saw(sometimes, "log went on after a full disk");
  if (logged && faults.some(({ kind, amount }) => kind === "clockStep" && amount < 400))
    saw(sometimes, "hybrid clock outlived a step back");
  for (const { kind, at, node } of faults)
    if (kind === "kill")
      world.time.at(instantAt(Math.max(0, at * 1_000 - 1)), () => {
        if (world.machines[node]?.state()?.routers.some(({ phase }) => phase.name === "master"))
          saw(sometimes, "daemon killed while Master");
      });
}

function readDisks(world: World, disks: ReadonlyMap<string, Disk>, fail: (says: string) => void): void {
  for (const machine of world.machines) {
    const disk = disks.get(machine.name);
    if (disk !== undefined && disk.lost === 0)
      judgeDisk(disk, machine.state(), machine.time.now(), (says) => fail(`${machine.name}: ${says}`));
  }
}

/** What a line says of the machine that the simulation runs on, and the hashes over it. */
const OF_THIS_MACHINE = /"node":"[^"]*"|"(hash|prev)":"[0-9a-f]{64}"/g;

/** FNV-1a. */
function mix(hash: number, text: string): number {
  let mixed = hash;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  return mixed;
}
