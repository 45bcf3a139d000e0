// heird history --cluster: who held a virtual router on any node, from when to when, and why it ended.

import type { Change, Death } from "../audit/accounts.ts";
import { timeline } from "../audit/timeline.ts";
import type { Actor } from "../core/actor.ts";
import { accountsOf, openSource, type SourceOptions } from "./audit-source.ts";
import type { Values } from "./commands.ts";
import { withActor } from "./history.ts";
import { refuseUnknownTo } from "./known.ts";
import { EXIT } from "./refusal.ts";
import { inWords, table } from "./table.ts";
import { atWall, whenOf } from "./when.ts";

type Tenure = {
  readonly node: string;
  readonly name: string;
  readonly from: number;
  readonly to: number | null;
  readonly began: string;
  readonly ended: string | null;
  readonly beganBy: Actor | null;
  readonly endedBy: Actor | null;
};

export async function historyOfAll(
  vr: string | undefined,
  options: SourceOptions & Pick<Values, "since" | "json">,
): Promise<number> {
  const from = options.since === undefined ? null : whenOf("since", options.since, Date.now());
  const source = await openSource(options, []);
  try {
    const accounts = await accountsOf(source, from, Date.now());
    refuseUnknownTo(accounts, { vr });
    const all = withDeaths(
      tenuresIn(timeline(accounts), vr),
      accounts.flatMap(({ ends }) => ends),
    );
    const wanted = all.filter(({ to }) => from === null || to === null || to >= from);
    process.stdout.write(options.json ? `${JSON.stringify({ schema: 1, tenures: wanted })}\n` : `${inTable(wanted)}\n`);
    return EXIT.ok;
  } finally {
    source.close();
  }
}

function tenuresIn(changes: readonly Change[], vr: string | undefined): readonly Tenure[] {
  const open = new Map<string, number>();
  const all: Tenure[] = [];
  for (const { node, at, vr: key, record } of changes) {
    const { name } = record.vr;
    if (vr !== undefined && vr !== name && vr !== record.vr.router) continue;
    const { from: was, to, reason } = record.transition;
    // Only what was asked for itself; older records do not say.
    const by = ASKED.has(reason) ? (record.evidence.actor ?? null) : null;
    const place = `${node} ${key}`;
    const before = open.get(place);
    const tenure = before === undefined ? undefined : all[before];
    if (was === "master" && before !== undefined && tenure !== undefined)
      all[before] = { ...tenure, to: at, ended: reason, endedBy: by };
    open.delete(place);
    if (to !== "master") continue;
    open.set(place, all.length);
    all.push({ node, name, from: at, to: null, began: reason, ended: null, beganBy: by, endedBy: null });
  }
  return all;
}

/** What lasted when its daemon ended without a word has ended then. */
const withDeaths = (tenures: readonly Tenure[], deaths: readonly Death[]): readonly Tenure[] =>
  tenures.map((tenure) => {
    if (tenure.to !== null) return tenure;
    const death = deaths.find(
      ({ node, at, subject, from }) =>
        from === "master" && node === tenure.node && subject.name === tenure.name && at >= tenure.from,
    );
    return death === undefined ? tenure : { ...tenure, to: death.at, ended: "died" };
  });

/** Reasons that somebody gave. */
const ASKED: ReadonlySet<string> = new Set(["startup", "owner_startup", "shutdown", "config"]);

const inTable = (tenures: readonly Tenure[]): string =>
  tenures.length === 0
    ? "nobody was Master"
    : table(
        ["Instance", "Node", "From", "To", "For", "Began", "Ended"],
        tenures.map(({ node, name, from, to, began, ended, beganBy, endedBy }) => [
          name,
          node,
          atWall(from),
          to === null ? "lasts" : atWall(to),
          to === null ? "-" : inWords((to - from) / 1_000),
          withActor(began, beganBy),
          withActor(ended ?? "-", endedBy),
        ]),
      );
