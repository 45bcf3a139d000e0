// The daemon: closes the circle over the real kernel, and ends it in order.

import type { Server } from "node:net";
import { hostname } from "node:os";
import { alarm } from "../alarm.ts";
import { EXIT } from "../cli/refusal.ts";
import { VERSION } from "../cli/version.ts";
import { type AgentConfig, PRIORITY_STOP } from "../core/config.ts";
import type { DropReason } from "../core/event.ts";
import { violations } from "../core/invariants.ts";
import { type AgentState, initialState, type Turn } from "../core/state.ts";
import { type Duration, type Instant, seconds } from "../core/time.ts";
import { usualAgent } from "../core/usual.ts";
import { type Notifier, notify } from "../effects/notify.ts";
import { afterwards } from "../effects/pace.ts";
import { type Performer, perform } from "../effects/perform.ts";
import { sendAdvert } from "../effects/send-advert.ts";
import { type Doer, openDoer } from "../hooks/aside.ts";
import { runOnce } from "../hooks/once.ts";
import { clockOf } from "../hooks/pipes.ts";
import { isManaged, notifyManager } from "../linux/unix-socket.ts";
import { lifeOf } from "../log/errands.ts";
import { type EventLog, openEventLog } from "../log/event-log.ts";
import { createRecorder, type Recorder } from "../log/flight.ts";
import { isPath } from "../log/ledger.ts";
import { within } from "../log/patience.ts";
import { routineOf } from "../log/routine.ts";
import { type CheckBook, createCheckBook } from "../operate/check-book.ts";
import { type Claimed, claimed } from "../operate/claimed.ts";
import { type Answerer, type Details, type Question, serveControl } from "../operate/control.ts";
import { type Journal, tell } from "../operate/journal.ts";
import { createMeter, type Meter } from "../operate/meter.ts";
import { asWritten } from "../operate/origin.ts";
import type { Pager } from "../operate/pager.ts";
import { auditStatus, type Status, type Surroundings, statusOf } from "../operate/status.ts";
import { openTally, type Tally } from "../operate/tally.ts";
import { run } from "../run.ts";
import { adverts, type CountDrop } from "../sources/adverts.ts";
import { checks } from "../sources/checks.ts";
import { claims } from "../sources/claims.ts";
import { type Commander, commands } from "../sources/commands.ts";
import { links } from "../sources/links.ts";
import { paths } from "../sources/paths.ts";
import { routes } from "../sources/routes.ts";
import { createSequences, type Sequences } from "../wire/ah.ts";
import { askersOf, beginFiles, endLeftPrograms, markOfLife } from "./askers.ts";
import { type Auditor, openAuditor } from "./auditor.ts";
import { earliest, later, overdue } from "./due.ts";
import { type Exporter, openExporter } from "./exporter.ts";
import { figures, pagesOf } from "./figures.ts";
import { type Loader, openLoader, type Source } from "./loader.ts";
import { createOperator, type Operator } from "./operator.ts";
import type { Prepared } from "./prepare.ts";
import { hastyIn, leave, prepareProcess, tellStrangers } from "./process.ts";
import { watchPulse } from "./pulse.ts";
import { atOnce } from "./quiet.ts";
import { rehearsalOf } from "./rehearsal.ts";
import { createReloader, type Reloader } from "./reload.ts";
import { settle } from "./settle.ts";
import { warmUpWhenAsked } from "./warm.ts";
import { thisMachine, whoAsked, whoSignalled, whoStarted } from "./who.ts";

/** How long a clean end waits for the disk, in ms; the write-ahead copy keeps the rest. */
const LAST_WORDS = 2_000;
/** How long hooks may go on at a stop, in ms; Keepalived gives them 1000. Nobody waits when there is none. */
const HOOKS_AT_STOP = 2_000;
/** How long a clean end waits for the Redis that answers, in ms. */
const LAST_SHIPPED = 500;
/** How long it waits for whoever reads the journal, in ms. */
const LAST_TOLD = 100;
const LONGEST_LAST_SCRIPT = seconds(10);
const WATCHDOG_MS = 1_000;
/** Addresses that the kernel is asked to remove in one call. */
const BURST = 50;
/** Nobody waits for the end of what a signal begins. */
const HANGUP = { wait: false, requireNoFailover: false, by: whoSignalled("SIGHUP") };

export type DaemonOptions = Source & { readonly stateDirectory: string };

/** Everything a daemon is made of; `state` and `ending` change as it lives. */
type Life = Prepared & {
  readonly options: DaemonOptions;
  readonly journal: Journal;
  readonly log: EventLog;
  readonly recorder: Recorder;
  readonly performer: Performer;
  readonly sequences: Sequences;
  readonly notifier: Notifier;
  readonly doer: Doer;
  readonly commander: Commander;
  readonly loader: Loader;
  readonly reloader: Reloader;
  readonly operator: Operator;
  readonly checkBook: CheckBook;
  readonly auditor: Auditor;
  /** Begins those of what its checks start. */
  readonly mark: string;
  readonly askers: ReturnType<typeof askersOf>;
  readonly started: Instant;
  readonly realtime: boolean;
  readonly dropped: Record<string, Partial<Record<DropReason, number>>>;
  readonly claims: Claimed;
  readonly tally: Tally;
  readonly meter: Meter;
  readonly memory: { state: AgentState; ending: boolean; server: Server | null; exporter: Exporter | null };
};

/** Runs until SIGTERM or SIGINT. */
export function runDaemon(prepared: Prepared, options: DaemonOptions, journal: Journal): void {
  if (prepared.config.notify.umask !== null) process.umask(prepared.config.notify.umask);
  const realtime = prepareProcess(journal, prepared.config);
  const warm = warmUpWhenAsked();
  // Whoever is Master every few milliseconds has no time for it later.
  const hasty = hastyIn(prepared.config).length > 0;
  if (hasty) atOnce(warm().pieces);
  const life = born(prepared, options, journal, realtime);
  if (hasty) life.loader.prepare();
  const { kernel, performer, notifier, commander, memory, provisioner } = life;
  const rehearsal = rehearsalOf(warm, life, () => memory.state);
  beginFiles(prepared.config, journal);
  listenToSignals(life);
  run(
    initialState,
    // In this order, so that an advertisement waits for the log alone.
    [performer.drive, alarm(kernel, (due, now) => life.recorder.ring().timer(due, now), rehearsal)],
    kernel.now,
    life.log,
    [
      adverts(kernel, life.sequences, countIn(life.dropped), life.recorder.ring),
      claims(kernel),
      provisioner.drive,
      notifier.drive,
      links(kernel),
      routes(kernel),
      paths(kernel),
      checks(life.askers),
      commander.drive,
    ],
  ).subscribe({ next: (turn) => onTurn(life, turn), error: (cause: unknown) => collapse(life, cause) });
  commander.configure(prepared.config, whoStarted());
  for (const { command, by } of prepared.drains) commander.operate(command, by);
  begin(life);
  // No advertisement waits for what follows.
  warm();
  prepared.tellOddities();
  watchPulse(kernel.now, life.recorder.ring, life.meter);
  const pager = pagerOf(life);
  const alive = (): boolean => !overdue(memory.state, kernel.now());
  memory.exporter = openExporter(pagesOf({ pager, tally: life.tally, alive, memory }), journal);
  memory.exporter.serve(prepared.config.metrics);
  const failed = (error: Error): void => journal.error(`control socket: ${error.message}`);
  const answering: Answerer = (question, details, fd) => answer(life, pager, question, details, fd);
  memory.server = serveControl(options.stateDirectory, answering, failed);
  notifyManager(`READY=1\nSTATUS=${prepared.config.routers.length} instance(s)`);
  const next = (): Instant | null => (memory.ending ? kernel.now() : earliest(memory.state));
  void performer.idle().then(() => {
    settle(rehearsal, next, kernel.now);
    life.loader.prepare();
    void endLeftPrograms(options.stateDirectory, journal, life.mark);
  });
  // A dog that is fed by a bare interval proves nothing: it is fed while no deadline is overdue.
  const feed = (): void => void (alive() && notifyManager("WATCHDOG=1"));
  if (isManaged()) setInterval(feed, WATCHDOG_MS).unref();
}

function born(prepared: Prepared, options: DaemonOptions, journal: Journal, realtime: boolean): Life {
  const { kernel, store, boot, unfinished } = prepared;
  const { file } = options;
  const cluster = prepared.config.audit?.cluster ?? "default";
  const identity = { version: VERSION, cluster, boot, ...thisMachine(), file };
  const who = `${hostname()} ${store.epoch} ${boot} heird-${VERSION}`;
  const recorder = createRecorder({ directory: prepared.directory, now: kernel.now, wall: Date.now, identity: who });
  recorder.configure(prepared.config.eventLog);
  const started = kernel.now();
  const meter = createMeter(prepared.disk);
  const beside = { unfinished, recorder, strain: meter.strain };
  const log = openEventLog(store, identity, Date.now, initialState, started, undefined, beside);
  const doer = openDoer();
  const clock = clockOf(kernel.now);
  const notifier = notify({ clock, wall: Date.now, life: lifeOf(store.epoch, boot), doer, unfinished });
  const sequences = createSequences(() => Date.now() / 1_000);
  const performer = perform(kernel, sequences, setImmediate, afterwards, notifier.preparer, meter);
  const commander = commands();
  const memory: Life["memory"] = { state: initialState, ending: false, server: null, exporter: null };
  const loader = openLoader(store.epoch, kernel.now);
  const reloader = createReloader({
    loader,
    kernel,
    journal,
    state: () => memory.state,
    idle: performer.idle,
    provisioner: prepared.provisioner,
    log,
    busy: commander.busy,
    configure: (next, by) => {
      if (memory.ending) throw new Error("the daemon is stopping");
      commander.configure(next, by);
    },
  });
  const operator = createOperator({
    state: () => memory.state,
    now: kernel.now,
    idle: performer.idle,
    later,
    operate: (command, by) => {
      if (memory.ending) throw new Error("the daemon is stopping");
      commander.operate(command, by);
    },
  });
  const made = { options, journal, log, recorder, performer, notifier, doer, sequences, commander, reloader, operator };
  const auditor = openAuditor(prepared.directory, log.head, journal);
  prepared.kept.unshipped = auditor.unshipped;
  const books = { checkBook: createCheckBook(), claims: claimed(), tally: openTally(), meter };
  const mark = markOfLife(options.stateDirectory, Date.now());
  const askers = askersOf(kernel, journal, mark);
  return { ...prepared, ...made, ...books, loader, auditor, mark, askers, started, realtime, dropped: {}, memory };
}

/** Routers start when the startup_script has ended, or has taken too long. */
function begin({ config: { notify: shared }, doer, kernel, commander, journal, memory }: Life): void {
  const { startup } = shared;
  if (startup === null) {
    commander.startup(whoStarted());
    return;
  }
  void runOnce(doer, clockOf(kernel.now), shared, startup).then(({ ok, detail }) => {
    if (!ok) journal.warn(`startup_script: ${detail}`);
    if (!memory.ending) commander.startup(whoStarted());
  });
}

function onTurn(life: Life, turn: Turn): void {
  const { memory, tally, meter } = life;
  if (turn.state.config !== memory.state.config) follow(life, turn.state.config);
  memory.state = turn.state;
  if (routineOf(turn) === null) onNews(life, turn);
  tally.turn(turn);
  meter.watch(turn);
  const wrong = turn.effects.length > 0 ? violations(turn) : [];
  if (wrong.length > 0) throw new Error(`an invariant does not hold: ${wrong.join("; ")}`);
}

/** Of routine there is nothing to tell. */
function onNews({ reloader, operator, checkBook, journal, claims, recorder, kept }: Life, turn: Turn): void {
  const { seen } = turn.event;
  if (seen.type === "configured") take(seen.config, kept);
  if (seen.type === "linkChanged") recorder.ring().link(turn.event.at, seen.link.name, seen.link.up);
  claims.see(turn.event);
  if (seen.type === "configured") tellStrangers(turn.state.config, journal);
  reloader.watch(turn);
  operator.watch(turn);
  checkBook.watch(turn);
  tell(journal, turn);
}

/** What a configuration says of the process itself. */
function take({ eventLog, notify }: AgentConfig, kept: Life["kept"]): void {
  kept.log = eventLog;
  if (notify.umask !== null) process.umask(notify.umask);
}

function follow({ auditor, memory }: Life, { audit, metrics }: AgentConfig): void {
  auditor.ship(audit);
  memory.exporter?.serve(metrics);
}

const countIn =
  (dropped: Life["dropped"]): CountDrop =>
  (iface, reason) => {
    dropped[iface] ??= {};
    dropped[iface][reason] = (dropped[iface][reason] ?? 0) + 1;
  };

async function answer(
  life: Life,
  pager: Pager,
  question: Question,
  details: Details,
  fd: number | null,
): Promise<unknown> {
  const { file, wait = false, requireNoFailover = false, word } = details;
  const { options, reloader, log, memory, kernel } = life;
  if (question === "checks") return life.checkBook.list(memory.state, kernel.now());
  if (question === "metrics") return { pieces: await pager() };
  if (question === "plan") return reloader.plan({ file: file ?? options.file, configId: options.configId });
  if (question === "reload") return reloader.reload(options, { wait, requireNoFailover, by: await whoAsked(fd, word) });
  if (question === "drain" || question === "resume" || question === "promote")
    return life.operator.ask(question, details, await whoAsked(fd, word));
  if (question === "snapshot") log.snapshot(memory.state, kernel.now());
  return status(life);
}

/** The figures, as they are when the first line is asked for. */
const pagerOf = (life: Life): Pager =>
  figures(() => {
    const { memory, tally, meter, kernel } = life;
    return { ...surroundings(life), state: memory.state, tally, meter, now: kernel.now(), wall: Date.now() };
  });

const status = (life: Life): Status => statusOf(life.memory.state, life.kernel.now(), surroundings(life));

const surroundings = ({
  notifier,
  kernel,
  started,
  realtime,
  options,
  reloader,
  store,
  dropped,
  claims,
  tally,
  log,
  provisioner,
  auditor,
  kept,
}: Life): Surroundings => ({
  started,
  version: VERSION,
  realtime,
  stateDirectory: options.stateDirectory,
  config: { file: options.file, ...reloader.status() },
  log: { ...store.status(), epoch: store.epoch },
  dropped,
  settings: provisioner.settings(),
  claims: claims.list(kernel.now()),
  duplicates: [...tally.duplicates],
  hooks: notifier.status(),
  audit: auditStatus(auditor.status(), log.head(), Date.now(), kept.gone),
  seq: log.head(),
});

function listenToSignals(life: Life): void {
  process.on("uncaughtException", (cause) => collapse(life, cause));
  process.on("unhandledRejection", (cause) => collapse(life, cause));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(life, signal));
  // Told in the journal; a reload that fails leaves what there is.
  process.on("SIGHUP", () => void life.reloader.reload(life.options, HANGUP).catch(() => undefined));
}

/** The orderly end: priority 0 before anything else, addresses gone, the log closed. */
async function end(life: Life, signal: string): Promise<void> {
  const { memory, journal, commander, performer, notifier, provisioner, log, recorder, kernel, store, auditor } = life;
  if (memory.ending) return;
  memory.ending = true;
  commander.shutdown(whoSignalled(signal));
  journal.info(`${signal}: resigned`);
  notifyManager("STOPPING=1");
  await performer.idle();
  const asked = life.askers.close();
  await notifier.close(HOOKS_AT_STOP);
  await lastScript(life);
  life.doer.close();
  provisioner.settle(usualAgent);
  log.snapshot(memory.state, kernel.now());
  memory.server?.close();
  memory.exporter?.close();
  kernel.close();
  await Promise.all([recorder.close(LAST_WORDS), store.close(LAST_WORDS), asked]);
  await auditor.close(LAST_SHIPPED);
  await within(LAST_TOLD, new Promise<void>((resolve) => journal.flush(() => resolve())));
  leave(EXIT.ok);
}

/** shutdown_script, as long as the service manager waits for us. */
async function lastScript({ memory, doer, kernel, journal }: Life): Promise<void> {
  const { notify: shared } = memory.state.config;
  if (shared.shutdown === null) return;
  const timeout = Math.min(shared.shutdown.timeout, LONGEST_LAST_SCRIPT) as Duration;
  const { ok, detail } = await runOnce(doer, clockOf(kernel.now), shared, { ...shared.shutdown, timeout });
  if (!ok) journal.warn(`shutdown_script: ${detail}`);
}

/**
 * The last resort: a daemon that is wrong lets go of everything, without a queue, and ends. The words
 * come last, and nothing that fails on the way keeps the next thing from being done.
 */
function collapse({ memory, journal, kernel, performer, provisioner, log, sequences }: Life, cause: unknown): void {
  const send = sendAdvert(kernel, sequences);
  for (const { config, phase, primaryAddress } of memory.state.routers)
    if (phase.name === "master" && primaryAddress !== null) attempt(() => send(config, PRIORITY_STOP, primaryAddress));
  const held = log.held();
  const paths = held.filter(isPath).toReversed();
  for (let i = 0; i < paths.length; i += BURST) attempt(() => kernel.removePaths(paths.slice(i, i + BURST)));
  const ours = held.flatMap((own) => (isPath(own) || performer.isForeign(own) ? [] : [own]));
  for (let i = 0; i < ours.length; i += BURST) attempt(() => kernel.removeAddresses(ours.slice(i, i + BURST)));
  attempt(() => provisioner.settle(usualAgent));
  if (cause instanceof Error && cause.stack !== undefined) cause.stack = asWritten(cause.stack);
  journal.fatal({ err: cause }, "this must not happen; every address was let go");
  process.exit(EXIT.internal);
}

function attempt(act: () => unknown): void {
  try {
    act();
  } catch {
    // What went wrong first is what is told.
  }
}
