// A whole daemon but for its process: the real drivers, log and fold over a fake kernel.

import { NEVER } from "rxjs";
import type { Actor } from "../../agent/core/actor.ts";
import type { Operation } from "../../agent/core/command.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import { type AgentState, initialState, type Turn } from "../../agent/core/state.ts";
import type { Preparer } from "../../agent/effects/prepare.ts";
import { type EventLog, openEventLog } from "../../agent/log/event-log.ts";
import { startDaemon } from "../../agent/rehearse/daemon.ts";
import type { FakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import type { Driver } from "../../agent/run.ts";
import { type MemoryStore, memoryStore } from "../log/memory-store.ts";

export type Agent = {
  readonly kernel: FakeKernel;
  readonly state: () => AgentState;
  readonly turns: readonly Turn[];
  readonly store: MemoryStore;
  readonly log: EventLog;
  readonly reload: (config: AgentConfig) => void;
  readonly shutdown: () => void;
  readonly operate: (command: Operation, by?: Actor) => void;
  /** Tells somebody else of every turn from here on. */
  readonly watch: (look: (turn: Turn) => void) => void;
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
  /** What addresses wait for. */
  readonly preparer?: Preparer;
};

export function startAgent(kernel: FakeKernel, options: AgentOptions): Agent {
  const { config, first = [], last = [], onTurn = () => {}, onCommit = () => {}, startup = true, preparer } = options;
  const store = memoryStore();
  const identity = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
  const wall = (): number => 1_764_000_000_000 + Math.floor(kernel.now() / 1_000);
  const log = openEventLog(store, identity, wall, initialState, kernel.now());
  const turns: Turn[] = [];
  const watching: ((turn: Turn) => void)[] = [];
  const recording = {
    commit: (turn: Turn, act?: (turn: Turn) => void): void => {
      log.commit(turn, (acted) => {
        onCommit(turn);
        act?.(acted);
      });
    },
  };
  const daemon = startDaemon(kernel, {
    config,
    log: recording,
    wall,
    first,
    last,
    startup,
    ...(preparer === undefined ? {} : { hooks: { drive: () => NEVER, preparer } }),
    onTurn: (turn) => {
      turns.push(turn);
      onTurn(turn);
      for (const look of watching) look(turn);
    },
  });
  return {
    kernel,
    turns,
    store,
    log,
    state: daemon.state,
    reload: daemon.reload,
    shutdown: daemon.shutdown,
    operate: daemon.operate,
    watch: (look) => void watching.push(look),
    idle: daemon.idle,
    failure: daemon.failure,
    stop: daemon.stop,
  };
}
