// A plan, and what became of a reload, for people.

import { readFileSync } from "node:fs";
import { type Diagnostic, hasErrors, printDiagnostics } from "../../config/diagnostic.ts";
import type { InstancePlan, Plan, ReloadOutcome } from "../operate/plan.ts";
import { EXIT } from "./refusal.ts";

const MARK = { added: "+", removed: "-", changed: "~", unchanged: " " } as const;

/** The plan as text: a line that sums up, then every instance that changes. */
export function planText(plan: Plan): string {
  const changing = plan.instances.filter(({ action }) => action !== "unchanged");
  const counts = (["changed", "added", "removed", "unchanged"] as const)
    .map((action) => ({ action, n: plan.instances.filter((instance) => instance.action === action).length }))
    .filter(({ n }) => n > 0)
    .map(({ action, n }) => `${n} ${action}`);
  const head = `${plan.file}, compared with ${plan.against}: ${counts.join(", ") || "no instances"}; ${VERDICT[plan.transition]}`;
  return [head, ...changing.map(instanceText)].join("\n\n");
}

const VERDICT = {
  none: "no failover",
  possible: "a failover is possible",
  expected: "a failover follows",
  now: "a failover at once",
} as const;

const WORD = { none: "no", possible: "possible", expected: "follows", now: "at once" } as const;

function instanceText(instance: InstancePlan): string {
  const { name, router, action, from, why, fields, addresses, advertAtOnce } = instance;
  const phase = from === null ? "" : `, ${from.toUpperCase()}`;
  const rows = [
    ...fields.map(({ field, from: old, to }) => [field, `${old} -> ${to}`]),
    ...addresses.map((change) => ["address", addressText(change)]),
    ...(advertAtOnce === null ? [] : [["advert", `at once, priority ${advertAtOnce}`]]),
    ["failover", `${WORD[instance.transition]}: ${why}`],
  ];
  const width = Math.max(...rows.map(([label = ""]) => label.length));
  const lines = rows.map(([label = "", text = ""]) => `    ${label.padEnd(width)}  ${text}`);
  return [`${MARK[action]} ${name} (${router}${phase}): ${action}`, ...lines].join("\n");
}

function addressText({ address, change, instance }: InstancePlan["addresses"][number]): string {
  const sign = change === "added" ? "+" : change === "removed" ? "-" : "~";
  if (instance === null) return `${sign} ${address}`;
  return `${sign} ${address}, ${change === "added" ? "from" : "to"} ${instance}`;
}

/** Tells how a plan or a reload went, as the flags want it, and gives the exit code. */
export function tellOutcome(
  outcome: ReloadOutcome,
  flags: { readonly json: boolean; readonly requireNoFailover: boolean },
): number {
  // Both ends are of one version in all but the minutes of an upgrade.
  const diagnostics = outcome.diagnostics as readonly Diagnostic[];
  if (flags.json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else tellPeople(outcome, diagnostics, flags.requireNoFailover);
  if (outcome.outcome === "errors" || hasErrors(diagnostics)) return EXIT.config;
  if (outcome.outcome === "refused" || outcome.failures.length > 0) return EXIT.refused;
  return flags.requireNoFailover && outcome.plan?.transition !== "none" ? EXIT.refused : EXIT.ok;
}

function tellPeople({ outcome, plan, failures }: ReloadOutcome, diagnostics: readonly Diagnostic[], strict: boolean) {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (diagnostics.length > 0)
    say(printDiagnostics(diagnostics, filesOf(diagnostics), { colour: process.stderr.isTTY === true }));
  if (plan !== null) process.stdout.write(`${planText(plan)}\n`);
  for (const sentence of plan?.refused ?? []) say(`heird: ${sentence}`);
  for (const sentence of failures) say(`heird: ${sentence}`);
  if (outcome === "errors" || (plan?.refused.length ?? 0) > 0) say("heird: nothing was changed");
  else if (strict && plan?.transition !== "none" && outcome !== "done")
    say("heird: refused, because --require-no-failover was given; nothing was changed");
}

/** The lines diagnostics point at, as far as whoever asks may read them. */
function filesOf(diagnostics: readonly Diagnostic[]): ReadonlyMap<string, string> {
  const paths = new Set(
    diagnostics.flatMap(({ position, notes }) => [position.file, ...notes.map((n) => n.position.file)]),
  );
  return new Map(
    [...paths].flatMap((path) => {
      const text = textOf(path);
      return text === undefined ? [] : [[path, text] as const];
    }),
  );
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
