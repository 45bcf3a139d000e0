// A virtual router or a node that nothing tells of is a mistake of whoever asks, and not an answer without rows.

import type { NodeAccount } from "../audit/accounts.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Line } from "../log/line.ts";
import { EXIT, Refusal } from "./refusal.ts";

/** The configuration that a line brings. */
export function configIn(line: Line): AgentConfig | undefined {
  if (line.type === "header") return line.config;
  return line.type === "event" && line.seen.type === "configured" ? line.seen.config : undefined;
}

/** The same lines; what routers are called in them, and their keys, is noted as they go by. */
export function* noting(lines: Iterable<Line>, names: Map<string, string>): Iterable<Line> {
  for (const line of lines) {
    for (const { key, name } of configIn(line)?.routers ?? []) names.set(key, name).set(name, name);
    yield line;
  }
}

/** Refuses a name that stands in none of the lines which went by. */
export function refuseUnknown(vr: string | undefined, names: ReadonlyMap<string, string>): void {
  if (vr !== undefined && !names.has(vr)) throw unknown("virtual router", vr, [...names.values()]);
}

/** Refuses a virtual router or a node that is in none of these accounts. */
export function refuseUnknownTo(
  accounts: readonly NodeAccount[],
  { vr, node }: { readonly vr?: string | undefined; readonly node?: string | undefined },
): void {
  if (node !== undefined && !accounts.some((account) => account.node === node))
    throw unknown(
      "node",
      node,
      accounts.map((account) => account.node),
    );
  const subjects = accounts.flatMap((account) => [...account.subjects]);
  // Where none is known there may be some in what is gone.
  if (
    vr !== undefined &&
    subjects.length > 0 &&
    !subjects.some(([key, { name, router }]) => [key, name, router].includes(vr))
  )
    throw unknown(
      "virtual router",
      vr,
      subjects.map(([, { name }]) => name),
    );
}

function unknown(kind: string, wanted: string, known: readonly string[]): Refusal {
  const names = [...new Set(known)];
  const shown = names.length > 8 ? [...names.slice(0, 8), `${names.length - 8} more`] : names;
  return new Refusal(
    EXIT.usage,
    `there is no ${kind} ${wanted}; there ${names.length === 1 ? "is" : "are"} ${shown.join(", ") || "none"}`,
  );
}
