// A whole daemon but for its process: the real drivers, log and fold over a kernel that pretends.

import { alarm } from "../alarm.ts";
import type { Actor } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import type { AgentConfig } from "../core/config.ts";
import { type AgentState, initialState, type Turn } from "../core/state.ts";
import type { Notifier } from "../effects/notify.ts";
import { perform } from "../effects/perform.ts";
import type { EventLog } from "../log/event-log.ts";
import { type Driver, run } from "../run.ts";
import { adverts } from "../sources/adverts.ts";
import { claims } from "../sources/claims.ts";
import { commands } from "../sources/commands.ts";
import { links } from "../sources/links.ts";
import { paths } from "../sources/paths.ts";
import { routes } from "../sources/routes.ts";
import { createSequences } from "../wire/ah.ts";
import type { FakeKernel } from "./fake-kernel.ts";
import { type Answers, scriptedChecks } from "./scripted-checks.ts";

export type Daemon = {
  readonly state: () => AgentState;
  readonly reload: (config: AgentConfig) => void;
  readonly shutdown: () => void;
  readonly operate: (command: Operation, by?: Actor) => void;
  /** Resolves when no address and no announcement waits. */
  readonly idle: () => Promise<void>;
  /** What the stream ended with, if it did. */
  readonly failure: () => unknown;
  readonly stop: () => void;
};

export type DaemonOptions = {
  readonly config: AgentConfig;
  readonly log: Pick<EventLog, "commit">;
  /** The clock on the wall, in ms. */
  readonly wall: () => number;
  /** Drivers besides the usual ones, before and after them. */
  readonly first?: readonly Driver[];
  readonly last?: readonly Driver[];
  readonly onTurn?: (turn: Turn) => void;
  readonly startup?: boolean;
  /** How checks answer; without it nobody asks. */
  readonly answers?: Answers;
  /** Who tells people's programs; without it nobody is told, and no address waits. */
  readonly hooks?: Pick<Notifier, "drive" | "preparer">;
};

export function startDaemon(kernel: FakeKernel, options: DaemonOptions): Daemon {
  const { config, log, first = [], last = [], onTurn = () => {}, startup = true } = options;
  const sequences = createSequences(() => options.wall() / 1_000);
  const performer = perform(kernel, sequences, kernel.later, kernel.afterwards, options.hooks?.preparer);
  const telling = options.hooks === undefined ? [] : [options.hooks.drive];
  const commander = commands();
  let state = initialState;
  let failure: unknown = null;

  const asking = options.answers === undefined ? [] : [scriptedChecks(kernel, options.answers)];
  const heard = [adverts(kernel, sequences), claims(kernel, kernel.later, kernel.afterwards), ...asking];
  const looked = [links(kernel), routes(kernel), paths(kernel)];
  const sources = [...heard, performer.drive, ...telling, alarm(kernel), ...looked];
  const drivers = [...first, ...sources, commander.drive, ...last];
  const running = run(initialState, drivers, kernel.now, log).subscribe({
    next: (turn) => {
      state = turn.state;
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
    state: () => state,
    reload: commander.configure,
    shutdown: commander.shutdown,
    operate: commander.operate,
    idle: performer.idle,
    failure: () => failure,
    stop: () => running.unsubscribe(),
  };
}
