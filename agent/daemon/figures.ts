// The daemon's figures as pages: for the control socket, and over HTTP with the probes beside them.

import type { AgentState } from "../core/state.ts";
import { linesOf } from "../operate/exposition.ts";
import { healthOf, unreadiness } from "../operate/health.ts";
import { type Living, liveFamilies } from "../operate/live-metrics.ts";
import { foldFamilies, type Told } from "../operate/metrics.ts";
import { createPager, type Pager } from "../operate/pager.ts";
import type { Tally } from "../operate/tally.ts";
import type { Page, Pages } from "../operate/web.ts";

/** `takenDown` is everything that the page is about, as it is now. */
export const figures = (takenDown: () => Told & Omit<Living, "began">): Pager =>
  createPager(
    function* () {
      const facts = takenDown();
      yield* linesOf(foldFamilies(facts));
      yield* linesOf(liveFamilies({ ...facts, began: facts.wall - process.uptime() * 1_000 }));
    },
    () => performance.now(),
  );

const PLAIN = "text/plain; charset=utf-8";
/** Prometheus' text format. */
const FIGURES = "text/plain; version=0.0.4; charset=utf-8";

export type Facts = {
  readonly pager: Pager;
  readonly tally: Pick<Tally, "duplicates">;
  /** Whether no deadline is overdue: the loop turns. */
  readonly alive: () => boolean;
  readonly memory: { readonly state: AgentState; readonly ending: boolean };
};

/** What is answered over HTTP. */
export const pagesOf =
  ({ pager, tally, alive, memory }: Facts): Pages =>
  async (path, query) => {
    switch (path) {
      case "/metrics":
        return { status: 200, type: FIGURES, pieces: await pager() };
      case "/livez":
        return said(alive() ? null : "a deadline is overdue");
      case "/readyz":
        return said(unreadiness(memory.state, memory.ending));
      case "/healthz":
        return health(healthOf(memory.state, query.get("vr"), tally.duplicates));
      default:
        return null;
    }
  };

const said = (wrong: string | null): Page =>
  wrong === null
    ? { status: 200, type: PLAIN, pieces: ["ok\n"] }
    : { status: 503, type: PLAIN, pieces: [`${wrong}\n`] };

function health(instances: ReturnType<typeof healthOf>): Page {
  if (instances === null) return { status: 404, type: PLAIN, pieces: ["there is no instance of that name\n"] };
  const ok = instances.every((one) => one.ok);
  const pieces = [`${JSON.stringify({ schema: 1, ok, instances })}\n`];
  return { status: ok ? 200 : 503, type: "application/json", pieces };
}
