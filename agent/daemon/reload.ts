// A new configuration for a running daemon: read aside, compared with what runs, refused or applied.
//
// `heird plan` and `heird reload` go the same way up to the last step, so that what was planned is
// what happens.

import { type Diagnostic, hasErrors, headlineOf, levelOf, summaryOf } from "../../config/diagnostic.ts";
import { type Actor, askedBy } from "../core/actor.ts";
import type { AgentConfig } from "../core/config.ts";
import { failureInWords, type Link } from "../core/event.ts";
import { foresee, lookAhead } from "../core/foresee.ts";
import { heldBy } from "../core/holdings.ts";
import { comparing } from "../core/settled.ts";
import { ahead } from "../core/speak.ts";
import type { AgentState, Turn } from "../core/state.ts";
import { after, type Instant, microseconds } from "../core/time.ts";
import type { Provisioner } from "../effects/provision.ts";
import type { Kernel } from "../kernel.ts";
import { notifyManager } from "../linux/unix-socket.ts";
import type { EventLog } from "../log/event-log.ts";
import { within } from "../log/patience.ts";
import type { Journal } from "../operate/journal.ts";
import { type Plan, planOf, type ReloadOutcome, whatChanges } from "../operate/plan.ts";
import { hindrances } from "./leftovers.ts";
import type { Loader, Source } from "./loader.ts";
import { nameable } from "./names.ts";
import { byTurns, inSlices } from "./quiet.ts";

/** What a reload needs of the daemon around it. */
export type Surroundings = {
  readonly loader: Loader;
  readonly kernel: Pick<Kernel, "interfaces" | "now">;
  readonly state: () => AgentState;
  readonly configure: (config: AgentConfig, by?: Actor) => void;
  /** Has those advertise before who are due until then. */
  readonly busy: (until: Instant) => void;
  readonly log: Pick<EventLog, "learn" | "clear">;
  /** Makes the machine fit before, and takes back afterwards what is not needed any more. */
  readonly provisioner: Pick<Provisioner, "foreseen" | "furnish" | "objections" | "settleSlowly">;
  /** Resolves when every effect so far is done. */
  readonly idle: () => Promise<void>;
  readonly journal: Pick<Journal, "info" | "warn" | "error">;
};

export type ReloadOptions = {
  readonly wait: boolean;
  readonly requireNoFailover: boolean;
  /** Who asked for it. */
  readonly by?: Actor | undefined;
};

export type Reloader = {
  /** What `source` would change. Rejects with a sentence when it cannot be read at all. */
  readonly plan: (source: Source) => Promise<ReloadOutcome>;
  /** Takes it, unless something forbids. One after the other: the second sees what the first has done. */
  readonly reload: (source: Source, options: ReloadOptions) => Promise<ReloadOutcome>;
  /** Must see every turn, to know what went wrong while somebody waited. */
  readonly watch: (turn: Turn) => void;
  /** How many configurations were taken, when the last one was (ms since 1970), and how the last reload went. */
  readonly status: () => { readonly generation: number; readonly taken: number; readonly lastReload: string };
};

/** A file that was read: the configuration in it, null when it cannot be used, and what on this machine forbids it. */
type Considered = {
  readonly base: Base;
  readonly config: AgentConfig | null;
  readonly words: string | null;
  readonly refused: readonly string[];
};
type Base = Pick<Outcome, "schema" | "diagnostics" | "failures">;
type Outcome = ReloadOutcome & { readonly diagnostics: readonly Diagnostic[] };

/** What a reload keeps the daemon for, for each router: twice what was measured, in µs. */
const ROUTER = 200;

/** How long the plan of a reload is waited for, in ms: it is told, and what is told of is done before. */
const TOLD_WITHIN = 250;

export function createReloader(around: Surroundings): Reloader {
  let last: Promise<unknown> = Promise.resolve();
  let status = { generation: 1, taken: Date.now(), lastReload: "none yet" };
  const listening = new Set<string[]>();
  let brought: Turn | null = null;

  const apply = async (source: Source, { wait, requireNoFailover, by }: ReloadOptions): Promise<Outcome> => {
    // While it is read: a line for each router is written before the one that is about all of them.
    byTurns(around.log.clear(around.state()));
    const { base, config, words, refused } = await consider(around, source);
    if (config === null) return { ...base, outcome: "errors", plan: null };
    // Nothing is awaited from here to the change: what is planned is of the very state that is changed.
    sayAhead(around, config);
    const foreseen = foreseenOf(around, config, source, refused, requireNoFailover);
    if (forbids(foreseen, requireNoFailover)) return { ...base, outcome: "refused", plan: foreseen };
    furnish(around, config);
    const failures: string[] = [];
    listening.add(failures);
    if (words !== null) around.log.learn(config, words);
    around.configure(config, by);
    const turn = brought;
    brought = null;
    void around.idle().then(() => around.provisioner.settleSlowly(around.state().config));
    status = { generation: status.generation + 1, taken: Date.now(), lastReload: "ok" };
    if (wait) await around.idle();
    listening.delete(failures);
    await within(TOLD_WITHIN, around.idle());
    const done = foreseen ?? (turn && planDone(around, turn, source));
    return { ...base, outcome: "done", plan: done, failures };
  };

  /** Whatever comes of it stands in the journal, whoever asked. */
  const told = async (source: Source, options: ReloadOptions): Promise<Outcome> => {
    notifyManager("RELOADING=1");
    try {
      const outcome = await apply(source, options);
      await inSlices(warnings(outcome, around.journal), around.kernel.now);
      if (outcome.outcome === "done") around.journal.info(`reload: ${whatChanges(outcome.plan)}`);
      else refused(whyNot(outcome), options.by);
      return outcome;
    } catch (cause) {
      refused(cause instanceof Error ? cause.message : String(cause), options.by);
      throw cause;
    } finally {
      notifyManager("READY=1");
    }
  };
  const refused = (why: string, by: Actor | undefined): void => {
    status = { ...status, lastReload: why };
    around.journal.error(`reload refused, the old configuration stays: ${why}${askedBy(by)}`);
  };

  return {
    plan: (source) => planned(around, source),
    reload: (source, options) => {
      const next = last.then(() => told(source, options));
      last = next.catch(() => undefined); // told to whoever asked
      return next;
    },
    status: () => status,
    watch: (turn) => {
      if (listening.size === 0) return;
      const { seen } = turn.event;
      if (seen.type === "configured") brought = turn;
      if (seen.type !== "effectFailed") return;
      for (const failures of listening) failures.push(failureInWords(seen));
    },
  };
}

/** Of hundreds of routers there may be a thousand, and adverts go out between them. */
function* warnings({ diagnostics }: Outcome, journal: Surroundings["journal"]): IterableIterator<void> {
  for (const diagnostic of diagnostics) yield journal[levelOf(diagnostic)](headlineOf(diagnostic));
}

/** The plan, where it has to be known before; and whose interface is replaced has lost it by the time of the change. */
function foreseenOf(
  around: Surroundings,
  config: AgentConfig,
  source: Source,
  refused: readonly string[],
  isAsked: boolean,
): Plan | null {
  const links = around.provisioner.foreseen(config);
  const isReplaced = links.some(({ index }) => index === 0);
  if (refused.length === 0 && !isAsked && !isReplaced) return null;
  return planFor(around, config, source, refused, links);
}

/** What a turn has changed. */
function planDone(around: Surroundings, turn: Turn, source: Source): Plan {
  sayAhead(around, turn.state.config);
  return planOf(lookAhead(turn), against(source, []));
}

/** Reads a file, and looks whether it can be had here. */
async function consider(around: Surroundings, source: Source): Promise<Considered> {
  const { diagnostics, config: read, words } = await around.loader.read(source);
  const base = { schema: 1, diagnostics, failures: [] } as const;
  if (read === null || hasErrors(diagnostics)) return { base, config: null, words: null, refused: [] };
  const { config } = nameable(around.kernel, read);
  // Whose advert is due waits for half a millisecond, not for all that a turn would compare.
  await inSlices(comparing(around.state().config, config), around.kernel.now);
  // With other names on this machine it is another one than was put into words.
  return { base, config, words: config === read ? words : null, refused: refusalsOf(around, config) };
}

async function planned(around: Surroundings, source: Source): Promise<Outcome> {
  const { base, config, refused } = await consider(around, source);
  if (config === null) return { ...base, outcome: "errors", plan: null };
  const plan = planFor(around, config, source, refused, around.provisioner.foreseen(config));
  return { ...base, outcome: refused.length > 0 ? "refused" : "planned", plan };
}

/** Whoever is due while something is done about hundreds of routers at once advertises before. */
function sayAhead({ state, kernel, busy }: Surroundings, { routers }: AgentConfig): void {
  const { routers: present } = state();
  const until = after(kernel.now(), microseconds(Math.max(present.length, routers.length) * ROUTER));
  if (ahead(present, until).length > 0) busy(until);
}

/** The machine made to fit, or as it was and a sentence thrown. */
function furnish({ provisioner, state }: Surroundings, config: AgentConfig): void {
  const errors = provisioner.furnish(config);
  if (errors.length === 0) return;
  const { config: present } = state();
  provisioner.furnish(present);
  provisioner.settleSlowly(present);
  throw new Error(errors.join("; "));
}

/** What the sockets were opened in, and what others know this daemon by, is settled when it starts. */
function settledAtStart(present: AgentConfig, wanted: AgentConfig): readonly string[] {
  const differs = (keyword: string, from: string, to: string): readonly string[] =>
    from === to
      ? []
      : [`${keyword} is ${from || "not set"}, and ${to || "nothing"} takes effect at a start: restart heird`];
  return [
    ...differs("net_namespace", present.netNamespace, wanted.netNamespace),
    ...differs("instance", present.instance, wanted.instance),
  ];
}

/** Why a reload was not done, in one sentence or several. */
function whyNot({ outcome, diagnostics, plan }: Outcome): string {
  if (outcome === "errors") return summaryOf(diagnostics);
  if (plan === null) return outcome;
  return plan.refused.length > 0 ? plan.refused.join("\n") : `a failover was not to happen: ${whatChanges(plan)}`;
}

/** What on this machine forbids a configuration. */
function refusalsOf({ kernel, provisioner, state }: Surroundings, config: AgentConfig): readonly string[] {
  const { config: present } = state();
  const held = [...present.routers.map(heldBy), present.statics].flatMap(({ addresses }) => addresses);
  const ours = new Set(held.map(({ address }) => address));
  return [...settledAtStart(present, config), ...hindrances(kernel, config, ours), ...provisioner.objections(config)];
}

const against = ({ file }: Source, refused: readonly string[]) => ({ file, against: "the running daemon", refused });

const forbids = (plan: Plan | null, requireNoFailover: boolean): boolean =>
  plan !== null && (plan.refused.length > 0 || (requireNoFailover && plan.transition !== "none"));

/** What a configuration would change here and now. */
const planFor = (
  { state, kernel }: Pick<Surroundings, "state" | "kernel">,
  config: AgentConfig,
  source: Source,
  refused: readonly string[],
  links: readonly Link[],
): Plan => planOf(foresee(state(), config, kernel.now(), links), against(source, refused));
