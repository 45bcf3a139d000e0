// Lines that an older heird wrote, lifted to what this one reads: fields that did not exist then have
// the value that was meant. A field that comes into a configuration or a state comes with a line here.

import type { AgentConfig, Conduct, RouterConfig, Transport, VirtualAddress } from "../core/config.ts";
import type { AgentState, Backup, LinkState, Master, Phase, RouterState } from "../core/state.ts";
import { usualAddress, usualAgent, usualRouter } from "../core/usual.ts";

/** A state without its configuration, as lines carry it. */
type Snapshot = Pick<AgentState, "running" | "waits" | "checks" | "links" | "drainOverAt"> & {
  readonly routers: readonly Omit<RouterState, "config">[];
};

type Older<T> = { readonly [K in keyof T]?: unknown };

/** The value with what it lacks behind what it has: nothing moves, so that two of them can be compared as text. */
function complete<T extends object>(value: Older<T>, usual: Partial<T>): T {
  const missing = Object.entries(usual).filter(([key]) => !(key in value));
  return (missing.length === 0 ? value : { ...value, ...Object.fromEntries(missing) }) as T;
}

/** A configuration as it is now. */
export function liftConfig(config: Older<AgentConfig>): AgentConfig {
  const whole = complete<AgentConfig>(config, usualAgent);
  return { ...whole, routers: whole.routers.map(liftRouter) };
}

function liftRouter(router: RouterConfig): RouterConfig {
  const usual = usualRouter(router.family);
  const whole = complete<RouterConfig>(router, usual);
  return {
    ...whole,
    conduct: complete<Conduct>(whole.conduct, usual.conduct),
    transport: complete<Transport>(whole.transport, usual.transport),
    virtualAddresses: whole.virtualAddresses.map(liftAddress),
    excludedAddresses: whole.excludedAddresses.map(liftAddress),
  };
}

const liftAddress = (own: VirtualAddress): VirtualAddress => complete<VirtualAddress>(own, usualAddress);

const OLD_STATE = { running: false, waits: [], checks: {}, links: {}, routers: [], drainOverAt: null } as const;
const OLD_ROUTER = {
  verdicts: {},
  company: "well",
  rival: null,
  refused: null,
  neighbours: [],
  masteries: [],
  drained: null,
} as const;
const OLD_BACKUP = { willing: false, limitedUntil: null } as const;
const OLD_MASTER = { lost: [], restoreAt: null, restored: null } as const;

/** A state as it is now. */
export function liftSnapshot(state: Older<Snapshot>): Snapshot {
  const whole = complete<Snapshot>(state, OLD_STATE);
  return {
    ...whole,
    links: Object.fromEntries(Object.entries(whole.links).map(([name, link]) => [name, liftLink(link)])),
    routers: whole.routers.map((router) => ({
      ...complete<Snapshot["routers"][number]>(router, OLD_ROUTER),
      phase: liftPhase(router.phase),
    })),
  };
}

const liftLink = (link: LinkState): LinkState => complete<LinkState>(link, { wasUp: link.up, leaving: [] });

function liftPhase(phase: Phase): Phase {
  switch (phase.name) {
    case "backup":
      return complete<Backup>(phase, OLD_BACKUP);
    case "master":
      return complete<Master>(phase, OLD_MASTER);
    case "initialize":
    case "fault":
      return phase;
  }
}
