// Turns, in the words of a story: which router moved and why, then what it asked the world for, in
// that order. Names are told when there is more than one router to tell apart.

import { familyOf } from "../../agent/core/address.ts";
import type { RouterKey, VirtualAddress } from "../../agent/core/config.ts";
import type { Effect } from "../../agent/core/effect.ts";
import { wordsOf } from "../../agent/core/path.ts";
import {
  type AgentState,
  effectivePriority,
  nextDeadline,
  type RouterState,
  routerOf,
  type Turn,
} from "../../agent/core/state.ts";
import { type Instant, inSeconds, since, until } from "../../agent/core/time.ts";
import { USUAL_PREFIX } from "./options.ts";
import { OUR_ADDRESSES, type Played } from "./stage.ts";

/** What happened in these turns; with `clock`, each instant at which something did is told first. */
export function tell(played: readonly Played[], clock: boolean): readonly string[] {
  const lines: string[] = [];
  let told: Instant | null = null;
  for (const { at, turn } of played) {
    const happened = tellTurn(turn);
    if (happened.length > 0 && clock && told !== at) lines.push(`at ${inSeconds(at)}`);
    if (happened.length > 0) told = at;
    lines.push(...happened);
  }
  return lines;
}

function tellTurn(turn: Turn): readonly string[] {
  const nameOf = namesIn(turn);
  return [
    ...turn.state.routers.flatMap((router) => tellMove(turn, router, nameOf)),
    ...turn.before.routers.flatMap((router) => tellEnd(turn, router, nameOf)),
    ...turn.effects.map((effect) => `  ${nameOf(effect.router)}${tellEffect(effect)}`),
  ];
}

/** How a router is called in front of what it did: not at all while it is alone. */
function namesIn({ before, state }: Turn): (key: RouterKey) => string {
  const keys = new Set([...before.routers, ...state.routers].map(({ config }) => config.key));
  return (key) => (keys.size < 2 ? "" : `${(routerOf(state, key) ?? routerOf(before, key))?.config.name}: `);
}

function tellMove({ before }: Turn, { config, phase }: RouterState, nameOf: (key: RouterKey) => string): string[] {
  const was = routerOf(before, config.key)?.phase;
  if (was === undefined ? phase.name === "initialize" : was.name === phase.name && was.because === phase.because)
    return [];
  return [`${nameOf(config.key)}${was?.name ?? "new"} -> ${phase.name} (${phase.because})`];
}

function tellEnd({ state }: Turn, { config, phase }: RouterState, nameOf: (key: RouterKey) => string): string[] {
  return routerOf(state, config.key) === undefined ? [`${nameOf(config.key)}${phase.name} -> removed`] : [];
}

function tellEffect(effect: Effect): string {
  switch (effect.type) {
    case "sendAdvert":
      return `send advert priority=${effect.priority}${OUR_ADDRESSES.includes(effect.source) ? "" : ` from=${effect.source}`}`;
    case "addAddresses":
      return `add ${tellAddresses(effect.addresses)}`;
    case "removeAddresses":
      return `remove ${tellAddresses(effect.addresses)}`;
    case "addPaths":
      return `add ${effect.paths.map(wordsOf).join("; ")}`;
    case "removePaths":
      return `remove ${effect.paths.map(wordsOf).join("; ")}`;
    case "announce":
      return `announce ${tellAddresses(effect.addresses)} x${effect.rounds}`;
    case "prepare":
    case "notify":
      return `${effect.type} ${effect.notice.kind} ${effect.notice.name} ${effect.notice.word} ${effect.notice.priority}`;
  }
}

const tellAddresses = (addresses: readonly VirtualAddress[]): string =>
  addresses
    .map(({ address, prefixLength }) =>
      prefixLength === USUAL_PREFIX[familyOf(address)] ? address : `${address}/${prefixLength}`,
    )
    .join(" ");

/** Where every router stands, a line each. */
export const tellState = ({ routers }: AgentState, now: Instant): readonly string[] =>
  routers.map((router) => {
    const { phase, config } = router;
    const name = routers.length < 2 ? "" : `${config.name}: `;
    return `${name}${phase.name} priority=${effectivePriority(router)}${tellDeadline(nextDeadline(phase), now)}`;
  });

function tellDeadline(deadline: Instant | null, now: Instant): string {
  if (deadline === null) return "";
  return deadline < now
    ? ` overdue by ${inSeconds(since(deadline, now))}`
    : ` due in ${inSeconds(until(now, deadline))}`;
}
