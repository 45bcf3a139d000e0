// One machine of a rehearsal: its interfaces, its clock, and the daemon on it, which is started,
// stopped, killed and switched off as people and faults do.

import type { IpAddress } from "../core/address.ts";
import type { Operation } from "../core/command.ts";
import type { AgentConfig, VirtualAddress } from "../core/config.ts";
import type { AgentState, Turn } from "../core/state.ts";
import { after, type Duration, type Instant, milliseconds } from "../core/time.ts";
import type { Notifier } from "../effects/notify.ts";
import { ADDRESS_PROTOCOL } from "../kernel.ts";
import type { EventLog } from "../log/event-log.ts";
import { isPath, NOTHING_HELD, openLedger } from "../log/ledger.ts";
import { routineOf } from "../log/routine.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { type FakeKernel, fakeKernel } from "./fake-kernel.ts";
import type { Lan } from "./fake-lan.ts";
import { type LocalTime, localTime } from "./local-time.ts";
import type { VirtualTime } from "./virtual-time.ts";

export type Place = { readonly address: IpAddress; readonly prefixLength: number };
export type Port = { readonly name: string; readonly lan: Lan; readonly addresses: readonly Place[] };

/** What a machine needs of a log. */
export type MachineLog = Pick<EventLog, "commit" | "held">;

/** Programs end with the daemon that started them. */
export type MachineHooks = Pick<Notifier, "drive" | "preparer"> & { readonly end: () => void };

export type Hardware = {
  readonly name: string;
  readonly ports: readonly Port[];
  /** What its clock shows when it is first switched on, and how many millionths it runs too fast. */
  readonly uptime: Instant;
  readonly ppm: number;
};

export type MachineOptions = {
  readonly openLog?: (kernel: FakeKernel) => MachineLog;
  /** Who tells people's programs what a daemon with that configuration does; asked once the log is open. */
  readonly openHooks?: (kernel: FakeKernel, config: AgentConfig) => MachineHooks | null;
  readonly onTurn?: (turn: Turn, machine: Machine) => void;
};

export type Machine = {
  readonly name: string;
  readonly ports: readonly Port[];
  readonly kernel: FakeKernel;
  readonly time: LocalTime;
  /** Null while no daemon runs. */
  readonly state: () => AgentState | null;
  /** Whether a daemon runs that was not told to stop. */
  readonly serves: () => boolean;
  /** What the daemon ended with by itself. */
  readonly failure: () => unknown;
  readonly start: (config: AgentConfig) => void;
  readonly reload: (config: AgentConfig) => void;
  /** As `heird drain` and `heird resume` do. */
  readonly operate: (command: Operation) => void;
  /** As SIGTERM. */
  readonly stop: () => void;
  /** As SIGKILL; the unit then takes away what was left. */
  readonly kill: () => void;
  /** Without power, all of it is gone. */
  readonly powerOff: () => void;
  readonly powerOn: () => void;
  readonly pause: (span: Duration) => void;
  /** From its next run on a check answers so. */
  readonly setCheck: (check: string, ok: boolean) => void;
};

/** From the death of a process to the unit's `heird cleanup`, and from SIGTERM to the end. */
const CLEANUP: Duration = milliseconds(50);
/** When a rehearsal begins, in ms since 1970. */
const WALL = 1_764_000_000_000;
const LAST_WORDS: Duration = milliseconds(10);

/** An account of what is held and nothing else: what a rehearsal needs of a log. */
export function accountOnly(): MachineLog {
  const ledger = openLedger(NOTHING_HELD);
  return {
    commit: (turn, act) => {
      if (routineOf(turn) === null) ledger.enter(turn);
      act?.(turn);
    },
    held: () => [...ledger.held().values()],
  };
}

/** Plugs a machine in and switches it on; no daemon runs yet. */
export function machineOn(time: VirtualTime, hardware: Hardware, options: MachineOptions = {}): Machine {
  const { name, ports, uptime, ppm } = hardware;
  const { openLog = accountOnly, openHooks = () => null, onTurn = () => {} } = options;
  const clock = localTime(time, uptime, ppm);
  const kernel = fakeKernel(name, clock);
  let daemon: Daemon | null = null;
  let log: MachineLog | null = null;
  let hooks: MachineHooks | null = null;
  let serves = false;
  const failing = new Set<string>();
  const surroundings = surroundingsOf(time, failing, (turn) => onTurn(turn, machine));

  const end = (): void => {
    serves = false;
    const ending = daemon;
    daemon = null;
    kernel.kill();
    ending?.stop();
    hooks?.end();
    hooks = null;
  };
  const clean = (): void => {
    cleanUp(kernel, log?.held() ?? []);
    log = null;
  };
  // A signal reaches a process when it runs.
  const tell = (act: (told: Daemon) => void): void => {
    if (serves && daemon !== null) kernel.later(toward(daemon, act));
  };
  const machine: Machine = {
    name,
    ports,
    kernel,
    time: clock,
    state: () => daemon?.state() ?? null,
    serves: () => serves,
    failure: () => daemon?.failure() ?? null,
    start: (config) => {
      if (daemon !== null) end();
      kernel.begin();
      clean();
      log = openLog(kernel);
      serves = true;
      hooks = openHooks(kernel, config);
      daemon = startDaemon(kernel, { config, log, ...surroundings, ...(hooks === null ? {} : { hooks }) });
    },
    reload: (config) => tell((one) => one.reload(config)),
    operate: (command) => tell((one) => one.operate(command)),
    stop: () => {
      const stopping = daemon;
      const isOver = (): void => void (daemon === stopping && end());
      if (stopping !== null && serves) kernel.later(() => terminate(clock, stopping, isOver));
      serves = false;
    },
    kill: () => {
      if (daemon !== null) time.at(after(time.now(), CLEANUP), () => daemon === null && inItsPlace(kernel, clean));
      if (daemon !== null) end();
    },
    powerOff: () => {
      end();
      log = null;
      pullOut(kernel, ports);
    },
    powerOn: () => plugIn(kernel, ports),
    setCheck: (check, ok) => void (ok ? failing.delete(check) : failing.add(check)),
    pause: (span) => kernel.freeze(after(clock.now(), span)),
  };
  plugIn(kernel, ports);
  return machine;
}

const toward = (daemon: Daemon, act: (told: Daemon) => void) => (): void => act(daemon);

const surroundingsOf = (time: VirtualTime, failing: ReadonlySet<string>, onTurn: (turn: Turn) => void) => ({
  wall: () => WALL + Math.floor(time.now() / 1_000),
  answers: (check: string) => !failing.has(check),
  onTurn,
});

/** It ends when its addresses are gone, which a program may hold back for a while: so long by its own clock. */
function terminate(time: LocalTime, daemon: Daemon, end: () => void): void {
  const { routers, groups } = daemon.state().config;
  const held = Math.max(0, ...[...routers, ...groups].map(({ hooks }) => hooks.policy.preDeadline));
  daemon.shutdown();
  time.at(after(time.now(), (LAST_WORDS + held) as Duration), end);
}

/** A process that does one thing and ends. */
function inItsPlace(kernel: FakeKernel, act: () => void): void {
  kernel.begin();
  act();
  kernel.kill();
}

function plugIn(kernel: FakeKernel, ports: readonly Port[]): void {
  if (ports.some(({ name }) => kernel.has(name))) return;
  for (const { name, lan, addresses } of ports) {
    kernel.lay(name, lan);
    for (const { address, prefixLength } of addresses) kernel.plant(name, address, prefixLength);
  }
}

function pullOut(kernel: FakeKernel, ports: readonly Port[]): void {
  for (const { name } of ports) if (kernel.has(name)) kernel.cut(name);
  kernel.forgetPaths(() => true);
}

/** `heird cleanup`, and what a daemon that starts does first. */
function cleanUp(kernel: FakeKernel, held: ReturnType<MachineLog["held"]>): void {
  const paths = held.filter(isPath).filter((path) => kernel.isLaid(path));
  if (paths.length > 0) kernel.removePaths(paths.toReversed());
  const left = held.flatMap((own) => (isPath(own) || !isOurs(kernel, own) ? [] : [own]));
  if (left.length > 0) kernel.removeAddresses(left);
  // What went by our own hand is no news for a daemon that starts.
  kernel.drain();
}

const isOurs = (kernel: FakeKernel, own: VirtualAddress): boolean =>
  kernel
    .truth(own.interface)
    .some(
      (there) =>
        there.address === own.address && there.prefixLength === own.prefixLength && there.protocol === ADDRESS_PROTOCOL,
    );
