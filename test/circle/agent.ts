// A whole daemon but for its process: the real drivers, log and fold over a fake kernel.

import { alarm } from "../../agent/alarm.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import { type AgentState, initialState, type Turn } from "../../agent/core/state.ts";
import { perform } from "../../agent/effects/perform.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import type { FakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import { type Driver, run } from "../../agent/run.ts";
import { adverts } from "../../agent/sources/adverts.ts";
import { claims } from "../../agent/sources/claims.ts";
import { commands } from "../../agent/sources/commands.ts";
import { links } from "../../agent/sources/links.ts";
import { paths } from "../../agent/sources/paths.ts";
import { routes } from "../../agent/sources/routes.ts";
import { createSequences } from "../../agent/wire/ah.ts";
import { type MemoryStore, memoryStore } from "../log/memory-store.ts";

export type Agent = {
  readonly kernel: FakeKernel;
  readonly state: () => AgentState;
  readonly turns: readonly Turn[];
  readonly store: MemoryStore;
  readonly log: EventLog;
  readonly reload: (config: AgentConfig) => void;
  readonly shutdown: () => void;
  /** Resolves when no address and no announcement waits. */
  readonly idle: () => Promise<void>;
  /** What the stream ended with, if it did. */
  readonly failure: () => unknown;
  readonly stop: () => void;
};

export type AgentOptions = {
  readonly config: AgentConfig;
  /** Drivers besides the usual ones, before and after them. */
  readonly first?: readonly Driver[];
  readonly last?: readonly Driver[];
  readonly onTurn?: (turn: Turn) => void;
  /** Told when a turn is on record, before anything of it is done. */
  readonly onCommit?: (turn: Turn) => void;
  readonly startup?: boolean;
};

export function startAgent(kernel: FakeKernel, options: AgentOptions): Agent {
  const { config, first = [], last = [], onTurn = () => {}, onCommit = () => {}, startup = true } = options;
  const store = memoryStore();
  const identity = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
  const wall = (): number => 1_764_000_000_000 + Math.floor(kernel.now() / 1_000);
  const log = openEventLog(store, identity, wall, initialState, kernel.now());
  const sequences = createSequences(() => wall() / 1_000);
  const performer = perform(kernel, sequences, kernel.later, kernel.afterwards);
  const commander = commands();
  const turns: Turn[] = [];
  let failure: unknown = null;

  const recording = {
    commit: (turn: Turn): void => {
      log.commit(turn);
      onCommit(turn);
    },
  };
  const heard = [adverts(kernel, sequences), claims(kernel, kernel.later)];
  const looked = [links(kernel), routes(kernel), paths(kernel)];
  const sources = [...heard, performer.drive, alarm(kernel), ...looked];
  const drivers = [...first, ...sources, commander.drive, ...last];
  const running = run(initialState, drivers, kernel.now, recording).subscribe({
    next: (turn) => {
      turns.push(turn);
      onTurn(turn);
    },
    error: (cause: unknown) => {
      failure = cause;
    },
  });
  // A circle that has ended takes no commands.
  if (failure === null) commander.configure(config);
  if (failure === null && startup) commander.startup();
  return {
    kernel,
    state: () => turns.at(-1)?.state ?? initialState,
    turns,
    store,
    log,
    reload: commander.configure,
    shutdown: commander.shutdown,
    idle: performer.idle,
    failure: () => failure,
    stop: () => running.unsubscribe(),
  };
}
