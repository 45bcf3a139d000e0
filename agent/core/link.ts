// Links as the fold knows them: what the kernel says, believed only after the link's own delay
// (`interface_up_down_delays`), so that every tracker sees the same.

import type { IpAddress } from "./address.ts";
import { type AgentConfig, LINK_CHECK, type RouterConfig } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Link, Observation } from "./event.ts";
import { NO_VERDICTS, type Verdict, type Verdicts } from "./priority.ts";
import type { AgentState, CheckState, LinkState, Wait } from "./state.ts";
import { after, type Instant } from "./time.ts";

type Links = AgentState["links"];
/** The part of the state that links are. */
export type Wires = Pick<AgentState, "links" | "waits">;

export const ABSENT: LinkState = { index: 0, up: false, wasUp: false, leaving: [], addresses: [] };

/** A link changed: at once, or once it has stayed so for its delay. The opposite within the delay cancels both (B10.9). */
export function linkSeen({ links, waits }: Wires, config: AgentConfig, seen: Link, at: Instant): Wires {
  const { name, index, up } = seen;
  const link = links[name] ?? ABSENT;
  const others = waits.filter((wait) => wait.link !== name);
  // A link that is gone took its addresses with it, and comes back as a new one.
  if (index === 0) return { links: { ...links, [name]: ABSENT }, waits: others };
  const delays = config.linkDelays[name];
  const delay = up ? delays?.up : delays?.down;
  if (up === link.up || delay === undefined || delay === 0 || !link.wasUp)
    return { links: { ...links, [name]: { ...link, index, up, wasUp: link.wasUp || up } }, waits: others };
  const wait = waits.find((one) => one.link === name) ?? { link: name, until: after(at, delay) };
  return { links: { ...links, [name]: { ...link, index } }, waits: [...others, wait] };
}

/** The link has stayed as it is; null when it had to wait longer, or not any more. */
export function linkSettled({ links, waits }: Wires, name: string, at: Instant): Wires | null {
  const wait = overdue(waits, name, at);
  const link = links[name];
  if (wait === undefined || link === undefined) return null;
  const up = !link.up;
  return { links: { ...links, [name]: { ...link, up } }, waits: waits.filter((one) => one !== wait) };
}

/** The wait of that name, when it is over. */
export const overdue = (waits: readonly Wait[], link: string | null, at: Instant): Wait | undefined =>
  waits.find((wait) => wait.link === link && wait.until <= at);

type Readdressed = Extract<Observation, { type: "addressesChanged" }>;

/** Addresses came and went. What left on our own request has left. */
export function addressesSeen(links: Links, { interface: name, added, removed }: Readdressed): Links {
  const link = links[name] ?? ABSENT;
  const gone = new Set(removed);
  const kept = gone.size === 0 ? link.addresses : link.addresses.filter((address) => !gone.has(address));
  const come = new Set(added);
  for (const address of kept) come.delete(address);
  const moved = new Set([...removed, ...added]);
  const leaving = link.leaving.length === 0 ? link.leaving : link.leaving.filter((address) => !moved.has(address));
  return { ...links, [name]: { ...link, leaving, addresses: [...kept, ...come] } };
}

/** The addresses that were there and that somebody else took away by this. */
export function takenAway(links: Links, { interface: name, removed }: Readdressed): readonly IpAddress[] {
  const { addresses, leaving } = links[name] ?? ABSENT;
  if (removed.length === 0) return removed;
  const [there, asked] = [new Set(addresses), new Set(leaving)];
  return removed.filter((address) => there.has(address) && !asked.has(address));
}

/** Remembers which addresses go because we ask for it. */
export function askedToLeave(links: Links, effects: readonly Effect[]): Links {
  let asked = links;
  for (const effect of effects) {
    if (effect.type !== "removeAddresses") continue;
    for (const name of new Set(effect.addresses.map((own) => own.interface))) {
      const link = asked[name];
      if (link === undefined) continue;
      const [there, known] = [new Set(link.addresses), new Set(link.leaving)];
      const more = effect.addresses
        .filter((own) => own.interface === name && there.has(own.address) && !known.has(own.address))
        .map(({ address }) => address);
      if (more.length > 0) asked = { ...asked, [name]: { ...link, leaving: [...link.leaving, ...more] } };
    }
  }
  return asked;
}

/** What is known of everything a router tracks. */
export function verdictsOn(
  config: Pick<RouterConfig, "tracks">,
  links: Links,
  checks: Readonly<Record<string, CheckState>>,
): Verdicts {
  if (config.tracks.length === 0) return NO_VERDICTS;
  return Object.fromEntries(config.tracks.map(({ check }) => [check, verdictOn(check, links, checks)]));
}

function verdictOn(check: string, links: Links, checks: Readonly<Record<string, CheckState>>): Verdict {
  if (!check.startsWith(LINK_CHECK)) return checks[check]?.verdict ?? "unknown";
  return links[check.slice(LINK_CHECK.length)]?.up === true ? "up" : "down";
}
