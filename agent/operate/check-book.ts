// What checks have answered lately, for whoever asks how they are. The log has it all; this is the last of it.

import type { CheckConfig, Run } from "../core/check.ts";
import { scoreAt } from "../core/health.ts";
import type { Verdict } from "../core/priority.ts";
import type { AgentState, CheckState, Turn } from "../core/state.ts";
import { type Instant, since } from "../core/time.ts";

/** Runs that durations are taken from. */
const KEPT = 128;
/** Runs that are shown. */
const SHOWN = 5;

export type CheckStatus = {
  readonly name: string;
  readonly kind: string;
  readonly verdict: Verdict;
  /** Seconds in this state. */
  readonly forSeconds: number;
  /** The last answer, and how many like it in a row; null before the first. */
  readonly ok: boolean | null;
  readonly streak: number;
  /** How many in a row are believed now. */
  readonly rise: number;
  readonly fall: number;
  /** What the last failure said, while it lasts. */
  readonly said: string;
  /** The penalty for flapping, and whether it holds the check bad; null where there is no such rule. */
  readonly penalty: { readonly score: number; readonly held: boolean } | null;
  /** Seconds until time alone changes something; null when only an answer can. */
  readonly changesInSeconds: number | null;
  readonly runs: number;
  readonly failures: number;
  readonly skipped: number;
  /** Of the last runs, in ms; null while there was none. */
  readonly took: { readonly p50: number; readonly p99: number } | null;
  /** The last runs, newest first. */
  readonly last: readonly (Omit<Run, "started"> & { readonly agoSeconds: number })[];
  readonly trackedBy: readonly string[];
};

type Page = { readonly recent: Run[]; runs: number; failures: number; skipped: number };

export type CheckBook = {
  readonly watch: (turn: Turn) => void;
  readonly list: (state: AgentState, now: Instant) => readonly CheckStatus[];
};

export function createCheckBook(): CheckBook {
  const pages = new Map<string, Page>();
  return {
    watch: ({ event: { seen } }) => {
      if (seen.type !== "checkReported") return;
      const page = pages.get(seen.check) ?? { recent: [], runs: 0, failures: 0, skipped: 0 };
      pages.set(seen.check, page);
      page.runs += 1;
      page.failures += seen.run.ok ? 0 : 1;
      page.skipped += seen.run.skipped;
      page.recent.push(seen.run);
      if (page.recent.length > KEPT) page.recent.shift();
    },
    list: (state, now) =>
      state.config.checks.flatMap((check) => {
        const known = state.checks[check.name];
        return known === undefined ? [] : [statusOf(state, check, known, pages.get(check.name), now)];
      }),
  };
}

function statusOf(
  state: AgentState,
  check: CheckConfig,
  known: CheckState,
  page: Page | undefined,
  now: Instant,
): CheckStatus {
  const tracking = state.routers.filter(({ config }) => config.tracks.some((track) => track.check === check.name));
  const mastering = tracking.some(({ phase }) => phase.name === "master");
  const { belief } = check;
  const recent = page?.recent ?? [];
  return {
    name: check.name,
    kind: check.question.kind,
    verdict: known.verdict,
    forSeconds: since(known.since, now) / 1e6,
    ok: known.ok,
    streak: known.streak,
    ...(mastering ? belief.master : belief.backup),
    said: known.said,
    penalty:
      belief.flapPenalty === null
        ? null
        : { score: scoreAt(known.penalty, belief.flapPenalty, now), held: (known.penalty?.heldSince ?? null) !== null },
    changesInSeconds: known.dueAt === null ? null : since(now, known.dueAt) / 1e6,
    runs: page?.runs ?? 0,
    failures: page?.failures ?? 0,
    skipped: page?.skipped ?? 0,
    took: durations(recent),
    last: recent
      .slice(-SHOWN)
      .reverse()
      .map(({ started, ...run }) => ({ ...run, agoSeconds: since(started, now) / 1e6 })),
    trackedBy: tracking.map(({ config }) => config.name),
  };
}

function durations(runs: readonly Run[]): CheckStatus["took"] {
  if (runs.length === 0) return null;
  const sorted = runs.map(({ took }) => took / 1_000).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
}
