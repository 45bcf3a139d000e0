// Everything that can be wrong before a daemon begins, looked at before anything is touched.

import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Diagnostic, hasErrors, headlineOf, levelOf, printDiagnostics } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { machineOfDaemon } from "../../config/machine.ts";
import { EXIT, Refusal } from "../cli/refusal.ts";
import type { AgentConfig, LogConfig } from "../core/config.ts";
import { type Provisioner, provision, takeBack } from "../effects/provision.ts";
import type { Kernel, Machinery, Outcome } from "../kernel.ts";
import { openLinuxKernel } from "../linux/linux-kernel.ts";
import { lockFile } from "../linux/lock.ts";
import { enterNamespace, within } from "../linux/namespace.ts";
import { capabilities } from "../linux/realtime.ts";
import { aheadPath } from "../log/ahead.ts";
import { type Changes, changesPath, openChanges } from "../log/changes.ts";
import type { Errand } from "../log/errands.ts";
import { createStore, type Store } from "../log/file.ts";
import type { Holdings } from "../log/holdings.ts";
import { logDirectory, recover, segmentsOf } from "../log/recover.ts";
import { newerIn } from "../log/seek.ts";
import type { Pruned, Retention } from "../log/segments.ts";
import { errandsOf } from "../log/unfinished.ts";
import { createDiskMeter, type DiskMeter } from "../operate/disk-meter.ts";
import type { Journal } from "../operate/journal.ts";
import { discreet, maskedFiles } from "./discreet.ts";
import { type Drains, drainsLeftBy } from "./drains.ts";
import { bootId, hindrances, lastLife, leftBy, networkOf, removeLeftovers, stillThere } from "./leftovers.ts";
import type { Source } from "./loader.ts";
import { nameable } from "./names.ts";

/** How many bytes of log lines may wait in memory for a disk that does not answer. */
const QUEUE_LIMIT = 64 * 1024 * 1024;

/** Where sentences for people go: a journal, or a terminal. */
export type Teller = { readonly warn: (sentence: string) => void; readonly error: (sentence: string) => void };

export type Prepared = {
  readonly kernel: Kernel & Machinery;
  readonly store: Store;
  readonly config: AgentConfig;
  readonly provisioner: Provisioner;
  readonly boot: string;
  /** Hooks that a dead daemon has not finished. */
  readonly unfinished: readonly Errand[];
  /** What is out of service still, as it was for a daemon that died. */
  readonly drains: Drains;
  /** Of the log. */
  readonly directory: string;
  readonly kept: Kept;
  readonly disk: DiskMeter;
  /** Tells what is odd about the configuration; there may be hundreds of sentences, and no router waits for them. */
  readonly tellOddities: () => void;
};

/** What is kept of the log. */
export type Kept = {
  /** What the configuration says; a reload changes it. */
  log: LogConfig;
  /** The first line that is still to be shipped; null for none. */
  unshipped: () => number | null;
  /** Lines that went before they were shipped. */
  gone: number;
};

export type PrepareOptions = Source & {
  readonly stateDirectory: string;
  /** In bytes, when the command line says it. */
  readonly retention: number | null;
};

/** For what is not shipped yet there is twice the room, and no age. */
function retentionOf({ log: { retentionBytes, retentionAge }, unshipped }: Kept, asked: number | null): Retention {
  const bytes = asked ?? retentionBytes;
  const from = unshipped();
  return {
    bytes,
    since: Date.now() - retentionAge / 1_000,
    needed: from === null ? null : { from, bytes: 2 * bytes },
  };
}

/** Tells once that more is kept than was said, and every time that lines go which nobody has yet. */
function pruneTeller(kept: Kept, journal: Teller): (what: Pruned) => void {
  let holding = false;
  return ({ held, lost }) => {
    if (held > 0 && !holding)
      journal.warn(
        `the log is kept beyond its retention, up to twice the size: the Redis is not known to have the lines from ${kept.unshipped()} on`,
      );
    holding = held > 0;
    if (lost === 0) return;
    kept.gone += lost;
    journal.error(
      `${lost} line(s) of the log were deleted before they were shipped: it has twice the size that it may have, and the Redis was away for too long`,
    );
  };
}

type Loaded = { readonly config: AgentConfig; readonly oddities: readonly Diagnostic[] };

/** Reads the configuration in the network that it names, or refuses with every mistake in it. */
function loadOrRefuse({ file, configId }: Source): Loaded {
  const load = () => loadConfig(file, { host: machineOfDaemon, ...(configId === undefined ? {} : { configId }) });
  let loaded = load();
  const { netNamespace } = loaded.declaration.globals;
  if (netNamespace !== null)
    requireEntry(
      netNamespace,
      within(netNamespace, () => {
        loaded = load();
      }),
    );
  const { config, diagnostics, files } = loaded;
  const told = discreet(diagnostics, files);
  if (config === null || hasErrors(diagnostics)) {
    const colour = process.stderr.isTTY === true;
    throw new Refusal(EXIT.config, `${printDiagnostics(told, maskedFiles(files), { colour })}\n${file} is not used`);
  }
  return { config, oddities: told };
}

/** The state directory, ours alone as long as this process lives. */
export function claim(stateDirectory: string): void {
  try {
    makeDirectory(stateDirectory);
  } catch (cause) {
    throw unusable(stateDirectory, sentence(cause));
  }
  const path = join(stateDirectory, "lock");
  const locked = lockFile(path);
  if (locked.ok) return;
  if (locked.errno !== EAGAIN) throw unusable(stateDirectory, locked.error);
  throw new Refusal(
    EXIT.refused,
    `another heird uses ${stateDirectory} (${locked.error}); stop it, or give this one a --state-dir of its own`,
  );
}

/** Somebody else holds it. */
const EAGAIN = 11;

const unusable = (stateDirectory: string, why: string): Refusal =>
  new Refusal(EXIT.internal, `cannot use the state directory ${stateDirectory}: ${why}; name another with --state-dir`);

/** Parents first. Node's own recursive form never returns where nothing can be created, as below /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  if (!existsSync(dirname(path))) makeDirectory(dirname(path));
  mkdirSync(path, { mode: 0o750 });
}

function requireCapabilities(): void {
  const { netRaw, netAdmin } = capabilities();
  const missing = [...(netRaw ? [] : ["CAP_NET_RAW"]), ...(netAdmin ? [] : ["CAP_NET_ADMIN"])];
  if (missing.length === 0) return;
  throw new Refusal(
    EXIT.internal,
    `${missing.join(" and ")} missing: run as root, or give the service AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW`,
  );
}

/** Before anything opens a socket: what is opened belongs to the network it was opened in. */
function enter(netNamespace: string): void {
  if (netNamespace !== "") requireEntry(netNamespace, enterNamespace(netNamespace));
}

function requireEntry(netNamespace: string, entered: Outcome): void {
  if (!entered.ok) throw new Refusal(EXIT.refused, `net_namespace ${netNamespace}: ${entered.error}`);
}

/** Gets everything ready, or throws a Refusal and leaves the machine as it was. */
export function prepare(options: PrepareOptions, journal: Journal): Prepared {
  const { config, oddities } = loadOrRefuse(options);
  const tellOddities = (): void => {
    for (const diagnostic of oddities) journal[levelOf(diagnostic)](headlineOf(diagnostic));
  };
  try {
    return { ...prepareFor(config, options, journal), tellOddities };
  } catch (cause) {
    tellOddities();
    throw cause;
  }
}

function prepareFor(loaded: AgentConfig, options: PrepareOptions, journal: Journal): Omit<Prepared, "tellOddities"> {
  requireCapabilities();
  claim(options.stateDirectory);
  const ahead = aheadPath(options.stateDirectory);
  const { rescued, torn, unwritten, ...where } = recover(options.stateDirectory, ahead);
  tellNewer(options.stateDirectory, journal);
  const boot = bootId();
  const changes = openChanges(changesPath(options.stateDirectory, ahead), boot);
  const lines = lastLife(options.stateDirectory, unwritten);
  const left = leftBy(lines);
  const network = networkOf(lines);
  const moved = network !== loaded.netNamespace;
  if (moved) takeAway(network, { leftovers: left, changes }, journal);
  const leftovers = moved ? NOTHING_LEFT : left;
  enter(loaded.netNamespace);
  const kernel = openLinuxKernel();
  const { config, told } = nameable(kernel, loaded);
  // Hooks are told also when they are of before this boot.
  const unfinished = errandsOf(lines);
  const wrong = hindrances(kernel, config, new Set(stillThere(kernel, leftovers).map(({ address }) => address)));
  if (wrong.length > 0) {
    kernel.close();
    throw new Refusal(EXIT.refused, wrong.join("\n"));
  }
  if (ahead === null)
    journal.warn(
      "neither /run/heird nor /dev/shm is in memory and can be written: the last lines of the log may be lost with this process",
    );
  if (rescued + torn > 0)
    journal.warn({ rescued, torn }, `the log was not closed: ${rescued} line(s) rescued, ${torn} byte(s) cut`);
  const lost = unwritten.length;
  if (lost > 0) journal.error(`the disk is full: ${lost} line(s) of the log of the last daemon are lost`);
  tidy(kernel, leftovers, journal);
  restore(kernel, changes, journal);
  for (const sentence of told) journal.warn(sentence);
  const provisioner = fitted(kernel, changes, config, journal);
  // What went by our own hand is no news: an owner, who is Master at once, would take it for a theft.
  kernel.drain("all");
  const directory = logDirectory(options.stateDirectory);
  const kept: Kept = { log: config.eventLog, unshipped: () => null, gone: 0 };
  const disk = createDiskMeter();
  const store = createStore({
    ...where,
    watch: disk,
    lost,
    directory,
    ahead,
    queueLimit: QUEUE_LIMIT,
    retention: () => retentionOf(kept, options.retention),
    pruned: pruneTeller(kept, journal),
  });
  const drains = drainsLeftBy(lines, kernel.now());
  return { kept, disk, directory, kernel, store, config, boot, provisioner, unfinished, drains };
}

/** A log must not keep a router from its work; but after a downgrade somebody should know what becomes of it. */
function tellNewer(stateDirectory: string, journal: Teller): void {
  const newest = segmentsOf(stateDirectory).at(-1);
  const why = newest === undefined ? null : newerIn(newest);
  if (why !== null) journal.warn(`${why}: the log goes on in a new segment, but only a newer one can read all of it`);
}

/** The machine made to fit, or left as it was. */
function fitted(kernel: Kernel & Machinery, changes: Changes, config: AgentConfig, journal: Journal): Provisioner {
  const provisioner = provision(kernel, changes, {
    info: (sentence) => journal.info(sentence),
    warn: (sentence) => journal.warn(sentence),
  });
  const errors = provisioner.furnish(config);
  if (errors.length === 0) return provisioner;
  takeBack(kernel, changes, changes.all());
  kernel.close();
  throw new Refusal(EXIT.refused, errors.join("\n"));
}

/** Takes back what a dead daemon changed, and says so. */
function restore(kernel: Kernel & Machinery, changes: Changes, say: Teller): number {
  const { done, errors } = takeBack(kernel, changes, changes.all());
  for (const change of done)
    if (change.type === "sysctl") say.warn(`${change.path} is ${change.before} again: a daemon that died had set it`);
    else if (change.type === "link") say.warn(`removed ${change.name}: a daemon that died had made it`);
    else say.warn(`removed nftables table inet ${change.table}: a daemon that died had put it there`);
  for (const error of errors) say.error(`cannot take back what a dead daemon changed: ${error}`);
  return errors.length;
}

/** Takes away what a dead daemon left, and says so. */
export function tidy(
  kernel: Kernel,
  leftovers: ReturnType<typeof leftBy>,
  say: Teller,
): { readonly removed: number; readonly failed: number } {
  const { removed, errors } = removeLeftovers(kernel, leftovers);
  for (const words of removed) say.warn(`removed ${words}: a daemon that died left it there`);
  for (const error of errors) say.error(`cannot remove what a dead daemon left: ${error}`);
  return { removed: removed.length, failed: errors.length };
}

const sentence = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** `heird cleanup`: what a dead daemon left goes, by its log; a living one is left alone. */
export function cleanup(stateDirectory: string, say: Teller): { removed: number; failed: number } {
  if (!existsSync(stateDirectory)) return { removed: 0, failed: 0 };
  claim(stateDirectory);
  const ahead = aheadPath(stateDirectory);
  const { unwritten } = recover(stateDirectory, ahead);
  const lines = lastLife(stateDirectory, unwritten);
  const leftovers = leftBy(lines);
  const changes = openChanges(changesPath(stateDirectory, ahead), bootId());
  return takeAway(networkOf(lines), { leftovers, changes }, say);
}

type Traces = { readonly leftovers: Holdings; readonly changes: Changes };

const NOTHING_LEFT: Holdings = new Map();

/** Takes away what a dead daemon left in the network it lived in. A namespace that is gone took everything with it. */
function takeAway(
  netNamespace: string,
  { leftovers, changes }: Traces,
  say: Teller,
): { removed: number; failed: number } {
  let done = { removed: 0, failed: 0 };
  if (leftovers.size === 0 && changes.all().length === 0) return done;
  const act = (): void => {
    const kernel = openLinuxKernel();
    const { removed, failed } = tidy(kernel, leftovers, say);
    done = { removed, failed: failed + restore(kernel, changes, say) };
    kernel.close();
  };
  if (netNamespace === "") act();
  else {
    const entered = within(netNamespace, act);
    if (!entered.ok && entered.errno !== ENOENT) return { removed: 0, failed: 1 };
    if (!entered.ok) {
      say.warn(`the network namespace ${netNamespace} is gone, and with it what a daemon that died had put there`);
      changes.forget(changes.all());
    }
  }
  return done;
}

const ENOENT = 2;
