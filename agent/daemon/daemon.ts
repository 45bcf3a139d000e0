// The daemon: closes the circle over the real kernel, and ends it in order.

import type { Server } from "node:net";
import { alarm } from "../alarm.ts";
import { EXIT } from "../cli/refusal.ts";
import { VERSION } from "../cli/version.ts";
import { type AgentConfig, PRIORITY_STOP } from "../core/config.ts";
import type { DropReason } from "../core/event.ts";
import { violations } from "../core/invariants.ts";
import { type AgentState, initialState, nextDeadline, type Turn } from "../core/state.ts";
import { type Instant, milliseconds, seconds, since } from "../core/time.ts";
import { perform } from "../effects/perform.ts";
import { sendAdvert } from "../effects/send-advert.ts";
import { becomeRealtime, clearAmbientCapabilities } from "../linux/realtime.ts";
import { notifyManager } from "../linux/unix-socket.ts";
import { openEventLog } from "../log/event-log.ts";
import { type Details, type Question, serveControl } from "../operate/control.ts";
import { type Journal, tell } from "../operate/journal.ts";
import { statusOf } from "../operate/status.ts";
import { run } from "../run.ts";
import { adverts } from "../sources/adverts.ts";
import { commands } from "../sources/commands.ts";
import { links } from "../sources/links.ts";
import type { Source } from "./loader.ts";
import type { Prepared } from "./prepare.ts";
import { createReloader } from "./reload.ts";
import { warmUp } from "./warm.ts";

/** Adverts more frequent than this are late under load without a real-time scheduler. */
const NEEDS_REALTIME = milliseconds(100);
const REALTIME_PRIORITY = 10;
/** How long a clean end waits for the disk, in ms; the write-ahead copy keeps the rest. */
const LAST_WORDS = 2_000;
const WATCHDOG_MS = 1_000;
const OVERDUE = seconds(1);
/** Nobody waits for the end of what a signal begins. */
const HANGUP = { wait: false, requireNoFailover: false };

export type DaemonOptions = Source & { readonly stateDirectory: string };

/** Runs until SIGTERM or SIGINT. */
export function runDaemon({ kernel, store, config, boot }: Prepared, options: DaemonOptions, journal: Journal): void {
  const realtime = prepareProcess(journal, config);
  warmUp();
  const started = kernel.now();
  const identity = { version: VERSION, cluster: "default", boot };
  const log = openEventLog(store, identity, Date.now, initialState, started);
  const performer = perform(kernel);
  const commander = commands();
  const reloader = createReloader({
    kernel,
    journal,
    state: () => state,
    idle: performer.idle,
    configure: (next) => {
      if (ending) throw new Error("the daemon is stopping");
      commander.configure(next);
    },
  });
  const dropped: Record<string, Partial<Record<DropReason, number>>> = {};
  let state: AgentState = initialState;
  let ending = false;
  let server: Server | null = null;

  const onTurn = (turn: Turn): void => {
    state = turn.state;
    reloader.watch(turn);
    tell(journal, turn);
    const wrong = turn.effects.length > 0 ? violations(turn) : [];
    if (wrong.length > 0) throw new Error(`an invariant does not hold: ${wrong.join("; ")}`);
  };

  const countDrop = (iface: string, reason: DropReason): void => {
    dropped[iface] ??= {};
    dropped[iface][reason] = (dropped[iface][reason] ?? 0) + 1;
  };

  const status = () =>
    statusOf(state, kernel.now(), {
      started,
      version: VERSION,
      realtime,
      stateDirectory: options.stateDirectory,
      config: { file: options.file, ...reloader.status() },
      log: { ...store.status(), epoch: store.epoch },
      dropped,
      seq: log.head(),
    });

  const answer = async (question: Question, { file, wait, requireNoFailover }: Details): Promise<unknown> => {
    const { configId } = options;
    if (question === "plan") return reloader.plan({ file: file ?? options.file, configId });
    if (question === "reload")
      return reloader.reload(options, { wait: wait === true, requireNoFailover: requireNoFailover === true });
    if (question === "snapshot") log.snapshot(state, kernel.now());
    return status();
  };

  const end = async (signal: string): Promise<void> => {
    if (ending) return;
    ending = true;
    journal.info(`${signal}: resigning`);
    notifyManager("STOPPING=1");
    commander.shutdown();
    await performer.idle();
    log.snapshot(state, kernel.now());
    server?.close();
    kernel.close();
    await store.close(LAST_WORDS);
    journal.flush();
    process.exit(EXIT.ok);
  };

  /** The last resort: a daemon that is wrong lets go of everything, without a queue, and ends. */
  const collapse = (cause: unknown): void => {
    journal.fatal({ err: cause }, "this must not happen; letting go of every address");
    letGo(state, kernel);
    journal.flush();
    process.exit(EXIT.internal);
  };

  process.on("uncaughtException", collapse);
  process.on("unhandledRejection", collapse);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(signal));
  // Told in the journal; a reload that fails leaves what there is.
  process.on("SIGHUP", () => void reloader.reload(options, HANGUP).catch(() => undefined));

  run(
    initialState,
    [adverts(kernel, countDrop), performer.drive, alarm(kernel), links(kernel), commander.drive],
    kernel.now,
    log,
  ).subscribe({ next: onTurn, error: collapse });
  commander.configure(config);
  commander.startup();
  server = serveControl(options.stateDirectory, answer, (error) => journal.error(`control socket: ${error.message}`));
  notifyManager(`READY=1\nSTATUS=${config.routers.length} instance(s)`);
  // A dog that is fed by a bare interval proves nothing: it is fed while no deadline is overdue.
  setInterval(() => {
    if (!overdue(state, kernel.now())) notifyManager("WATCHDOG=1");
  }, WATCHDOG_MS).unref();
}

const overdue = (state: AgentState, now: Instant): boolean =>
  state.routers.some(({ phase }) => {
    const at = nextDeadline(phase);
    return at !== null && since(at, now) > OVERDUE;
  });

function prepareProcess(journal: Journal, config: AgentConfig): boolean {
  const cleared = clearAmbientCapabilities();
  if (!cleared.ok) journal.warn(`children would inherit capabilities: ${cleared.error}`);
  const outcome = becomeRealtime(REALTIME_PRIORITY);
  if (outcome.ok) return true;
  const hasty = config.routers.filter(({ adverInterval }) => adverInterval < NEEDS_REALTIME).map(({ name }) => name);
  if (hasty.length > 0)
    journal.warn(
      `${hasty.join(", ")}: advert_int below 100 ms without real-time scheduling is unsafe under load (${outcome.error})`,
    );
  return false;
}

/** Says priority 0 for every Master and removes its addresses, at once and whatever else is going on. */
function letGo(state: AgentState, kernel: Prepared["kernel"]): void {
  const send = sendAdvert(kernel);
  for (const { config, phase, primaryAddress } of state.routers) {
    if (phase.name !== "master") continue;
    if (primaryAddress !== null) send(config, PRIORITY_STOP, primaryAddress);
    for (let i = 0; i < config.virtualAddresses.length; i += 50)
      kernel.removeAddresses(config.virtualAddresses.slice(i, i + 50));
  }
}
