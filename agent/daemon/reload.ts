// A new configuration for a running daemon: read aside, compared with what runs, refused or applied.
//
// `heird plan` and `heird reload` go the same way up to the last step, so that what was planned is
// what happens.

import { type Diagnostic, hasErrors, headlineOf, summaryOf } from "../../config/diagnostic.ts";
import { type Actor, askedBy } from "../core/actor.ts";
import type { AgentConfig } from "../core/config.ts";
import { foresee } from "../core/foresee.ts";
import { heldBy } from "../core/holdings.ts";
import type { AgentState, Turn } from "../core/state.ts";
import type { Provisioner } from "../effects/provision.ts";
import type { Kernel } from "../kernel.ts";
import { notifyManager } from "../linux/unix-socket.ts";
import type { Journal } from "../operate/journal.ts";
import { type Plan, planOf, type ReloadOutcome, whatChanges } from "../operate/plan.ts";
import { hindrances } from "./leftovers.ts";
import type { Loader, Source } from "./loader.ts";
import { nameable } from "./names.ts";

/** What a reload needs of the daemon around it. */
export type Surroundings = {
  readonly loader: Loader;
  readonly kernel: Pick<Kernel, "interfaces" | "now">;
  readonly state: () => AgentState;
  readonly configure: (config: AgentConfig, by?: Actor) => void;
  /** Makes the machine fit before, and takes back afterwards what is not needed any more. */
  readonly provisioner: Pick<Provisioner, "furnish" | "settleSlowly">;
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

/** What a file would do, and the configuration in it; null when that cannot be used. */
type Considered = { readonly outcome: Outcome; readonly config: AgentConfig | null };
type Outcome = ReloadOutcome & { readonly diagnostics: readonly Diagnostic[] };

export function createReloader(around: Surroundings): Reloader {
  let last: Promise<unknown> = Promise.resolve();
  let status = { generation: 1, taken: Date.now(), lastReload: "none yet" };
  const listening = new Set<string[]>();

  const consider = async (source: Source): Promise<Considered> => {
    const read = await around.loader.read(source);
    const { diagnostics } = read;
    const base = { schema: 1, diagnostics, failures: [] } as const;
    if (read.config === null || hasErrors(diagnostics))
      return { outcome: { ...base, outcome: "errors", plan: null }, config: null };
    const { config } = nameable(around.kernel, read.config);
    const plan = planFor(around, config, source.file);
    return { outcome: { ...base, outcome: plan.refused.length > 0 ? "refused" : "planned", plan }, config };
  };

  const apply = async (source: Source, { wait, requireNoFailover, by }: ReloadOptions): Promise<Outcome> => {
    const { outcome, config } = await consider(source);
    const moves = outcome.plan?.transition !== "none";
    if (config === null || outcome.outcome !== "planned") return outcome;
    if (requireNoFailover && moves) return { ...outcome, outcome: "refused" };
    // Nothing was awaited since the plan was made: it is of the very state that is changed here.
    furnish(around, config);
    const failures: string[] = [];
    listening.add(failures);
    around.configure(config, by);
    void around.idle().then(() => around.provisioner.settleSlowly(around.state().config));
    status = { generation: status.generation + 1, taken: Date.now(), lastReload: "ok" };
    if (wait) await around.idle();
    listening.delete(failures);
    return { ...outcome, outcome: "done", failures };
  };

  /** Whatever comes of it stands in the journal, whoever asked. */
  const told = async (source: Source, options: ReloadOptions): Promise<Outcome> => {
    notifyManager("RELOADING=1");
    try {
      const outcome = await apply(source, options);
      for (const diagnostic of outcome.diagnostics) around.journal.warn(headlineOf(diagnostic));
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
    plan: async (source) => (await consider(source)).outcome,
    reload: (source, options) => {
      const next = last.then(() => told(source, options));
      last = next.catch(() => undefined); // told to whoever asked
      return next;
    },
    status: () => status,
    watch: ({ event: { seen } }) => {
      if (listening.size === 0 || seen.type !== "effectFailed") return;
      for (const failures of listening) failures.push(`${seen.router}: ${seen.effect} failed: ${seen.error}`);
    },
  };
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

/** What a configuration would change here and now, and what on this machine forbids it. */
function planFor({ kernel, state }: Surroundings, config: AgentConfig, file: string): Plan {
  const now = state();
  const ours = new Set(now.config.routers.flatMap((router) => heldBy(router).addresses.map((own) => own.address)));
  const refused = [...settledAtStart(now.config, config), ...hindrances(kernel, config, ours)];
  return planOf(foresee(now, config, kernel.now()), {
    file,
    against: "the running daemon",
    refused,
  });
}
