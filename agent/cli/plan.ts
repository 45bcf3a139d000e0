// heird plan: what a reload would change, asked of the running daemon, or worked out from two files.

import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import type { Diagnostic } from "../../config/diagnostic.ts";
import { type Loaded, loadConfig } from "../../config/load.ts";
import { parseAddress } from "../core/address.ts";
import { step } from "../core/agent.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import { foresee } from "../core/foresee.ts";
import { type AgentState, duesOf, initialState, nextDeadline } from "../core/state.ts";
import { type Instant, instantAt } from "../core/time.ts";
import { usualAgent } from "../core/usual.ts";
import { planOf, type ReloadOutcome } from "../operate/plan.ts";
import { tellOutcome } from "./plan-text.ts";
import { askOutcome } from "./reload.ts";

type Flags = {
  readonly "state-dir": string;
  readonly config?: string | undefined;
  readonly "config-id"?: string | undefined;
  readonly from?: string | undefined;
  readonly "require-no-failover": boolean;
  readonly json: boolean;
};

/** Prints the plan for a file and gives the exit code. A daemon that is there knows better which file a reload takes. */
export async function plan(file: string, flags: Flags): Promise<number> {
  const path = resolve(file);
  const { json, "require-no-failover": requireNoFailover } = flags;
  const named = flags.config === undefined ? {} : { file: path };
  const live = flags.from === undefined ? await askOutcome(flags["state-dir"], "plan", named) : null;
  if (live !== null) {
    hiddenFromDaemon(live, path);
    if (flags["config-id"] !== undefined)
      process.stderr.write("heird: -i was not heeded: the daemon compares @id lines with what it was started with\n");
  }
  return tellOutcome(live ?? offline(path, flags), { json, requireNoFailover });
}

/** A service may see another /tmp than people do; its "does not exist" needs a word of explanation. */
function hiddenFromDaemon({ diagnostics }: ReloadOutcome, path: string): void {
  const unread = (diagnostics as readonly Diagnostic[]).some(
    ({ code, position }) => code === "H0003" && position.file === path,
  );
  if (unread && mayRead(path))
    process.stderr.write(`heird: you can read ${path}, and the daemon cannot: put it beside the file that it uses\n`);
}

function mayRead(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** Compared with the old file on a machine that is Master of all of it, or with nothing. */
function offline(path: string, { from, "config-id": configId }: Flags): ReloadOutcome {
  const load = (file: string): Loaded => loadConfig(file, configId === undefined ? {} : { configId });
  const next = load(path);
  const old = from === undefined ? null : load(resolve(from));
  const diagnostics = [...(old?.diagnostics.filter(({ severity }) => severity === "error") ?? []), ...next.diagnostics];
  const base = { schema: 1, diagnostics, failures: [] } as const;
  if (next.config === null || (old !== null && old.config === null)) return { ...base, outcome: "errors", plan: null };
  const { before, at } = aloneWith(old?.config ?? usualAgent, next.config);
  const against = from === undefined ? "nothing, because no daemon runs" : `${from} as if Master of all of it`;
  const foreseen = foresee(before, next.config, at);
  return { ...base, outcome: "planned", plan: planOf(foreseen, { file: path, against, refused: [] }) };
}

/**
 * A machine that has run the old file by itself for a while: every interface is there and has an
 * address, nobody else speaks, and so it is Master of everything, which is what a reload can cost.
 */
function aloneWith(config: AgentConfig, next: AgentConfig): { readonly before: AgentState; readonly at: Instant } {
  const interfaces = new Set([...config.routers, ...next.routers].map((router) => router.interface));
  const observations = [...interfaces].flatMap((name, i): readonly Observation[] => [
    { type: "linkChanged", link: { name, index: i + 1, up: true } },
    { type: "addressesChanged", interface: name, added: SOURCES, removed: [] },
  ]);
  const fold = (state: AgentState, seen: Observation, at: Instant): AgentState => step(state, { at, seen }).state;
  const told = [
    ...observations,
    { type: "configured", config } as const,
    { type: "commanded", command: { type: "startup" } } as const,
  ].reduce((state, seen) => fold(state, seen, instantAt(0)), initialState);
  const begun = duesOf(told).reduce(
    (state, { at, seen }) => (seen.type === "waitOver" ? fold(state, seen, at) : state),
    told,
  );
  const deadlines = begun.routers.flatMap(({ phase }) => nextDeadline(phase) ?? []);
  const at = instantAt(Math.max(0, ...deadlines));
  const keys = begun.routers.map((router) => router.config.key);
  const before = keys.reduce((state, router) => fold(state, { type: "deadlineReached", router }, at), begun);
  return { before, at };
}

/** Addresses that no configuration has: RFC 5737 and a link-local one. */
const SOURCES = ["192.0.2.254", "fe80::ffff:ffff:ffff:ffff"].flatMap((text) => parseAddress(text) ?? []);
