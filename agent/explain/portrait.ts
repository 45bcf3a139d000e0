// A state, told: every router with its phase, priority and next deadline; and how two states differ.

import { type AgentState, effectivePriority, nextDeadline, type RouterState } from "../core/state.ts";
import { type Instant, inSeconds, until } from "../core/time.ts";

/** One row for each router, for a table under `PORTRAIT_HEADING`. */
export const portrait = ({ routers }: AgentState, at: Instant): readonly (readonly string[])[] =>
  routers.map((router) => [
    router.config.name,
    router.config.key,
    router.phase.name.toUpperCase(),
    router.phase.because,
    inSeconds(until(router.phase.since, at)),
    String(effectivePriority(router)),
    masterOf(router),
    dueIn(router, at),
  ]);

export const PORTRAIT_HEADING = ["Instance", "Router", "State", "Because", "For", "Pri", "Master", "Due in"] as const;

function masterOf({ phase }: RouterState): string {
  if (phase.name === "master") return "self";
  return phase.name === "backup" && phase.heard !== null ? `${phase.heard.source} (${phase.heard.priority})` : "-";
}

function dueIn({ phase }: RouterState, at: Instant): string {
  const deadline = nextDeadline(phase);
  return deadline === null ? "-" : inSeconds(until(at, deadline));
}

/** One value that differs: where it stands, and what it was and is, as JSON. */
export type Difference = { readonly path: string; readonly was: string; readonly is: string };

/** Every leaf in which two documents differ. */
export function differences(was: unknown, is: unknown, path = ""): readonly Difference[] {
  if (Object.is(was, is)) return [];
  if (!isTree(was) || !isTree(is) || Array.isArray(was) !== Array.isArray(is)) {
    const [a, b] = [JSON.stringify(was) ?? "nothing", JSON.stringify(is) ?? "nothing"];
    return a === b ? [] : [{ path, was: a, is: b }];
  }
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return keys.flatMap((key) => differences(was[key], is[key], path === "" ? key : `${path}.${key}`));
}

const isTree = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;
