// Links as the fold knows them: what the kernel says, believed only after the link's own delay
// (`interface_up_down_delays`), so that every tracker sees the same.

import type { IpAddress } from "./address.ts";
import { type AgentConfig, LINK_CHECK, type RouterConfig } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Link, Observation } from "./event.ts";
import { joinedBy, membersOf, without } from "./many.ts";
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
  const leaving = without(without(link.leaving, removed), added);
  return { ...links, [name]: { ...link, leaving, addresses: joinedBy(without(link.addresses, removed), added) } };
}

/** The addresses that were there and that somebody else took away by this. */
export function takenAway(links: Links, { interface: name, removed }: Readdressed): readonly IpAddress[] {
  if (removed.length === 0) return removed;
  const { addresses, leaving } = links[name] ?? ABSENT;
  const [there, asked] = [membersOf(addresses), membersOf(leaving)];
  return removed.filter((address) => there.has(address) && !asked.has(address));
}

/** A link of which more or other addresses are leaving; written out, since addresses wait for it that are to go. */
function whenLeaving(links: Links, name: string, link: LinkState, leaving: readonly IpAddress[]): Links {
  const next: Record<string, LinkState> = { ...links };
  next[name] = { index: link.index, up: link.up, wasUp: link.wasUp, leaving, addresses: link.addresses };
  return next;
}

/** Remembers which addresses go because we ask for it. */
export function askedToLeave(links: Links, effects: readonly Effect[]): Links {
  const wanted = new Map<string, IpAddress[]>();
  for (const effect of effects) {
    if (effect.type !== "removeAddresses") continue;
    for (const { interface: name, address } of effect.addresses) {
      const known = wanted.get(name);
      if (known === undefined) wanted.set(name, [address]);
      else known.push(address);
    }
  }
  let asked = links;
  for (const [name, addresses] of wanted) {
    const link = links[name];
    if (link === undefined) continue;
    const there = membersOf(link.addresses);
    const present = addresses.filter((address) => there.has(address));
    const leaving = joinedBy(link.leaving, present);
    if (leaving !== link.leaving) asked = whenLeaving(asked, name, link, leaving);
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
