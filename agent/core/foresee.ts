// What a new configuration does at once, and what is bound to come of it: the very fold that a reload
// goes through, asked beforehand, and asked again with what the neighbours say.

import { step } from "./agent.ts";
import { type AgentConfig, PRIORITY_STOP, type RouterConfig, type RouterKey } from "./config.ts";
import type { Effect } from "./effect.ts";
import type { Advertisement, Link } from "./event.ts";
import type { Reason } from "./reason.ts";
import { heard } from "./router.ts";
import { same } from "./same.ts";
import { type AgentState, effectivePriority, type RouterState, routerOf, type Turn } from "./state.ts";
import { type Instant, instantAt } from "./time.ts";

/** On what two routers of one VRID must agree to hear each other; the words of keepalived.conf. */
export type Agreement = "version" | "authentication" | "advert_int" | "v3_checksum_as_v2";

/** What a reload leads to for a router that it leaves in its phase. */
export type Outlook =
  | { readonly type: "nothing" }
  /** A Backup that does not hear the present Master any more takes over beside it. */
  | { readonly type: "deaf"; readonly master: Advertisement; readonly about: readonly Agreement[] }
  /** A Backup that is not held back by the present Master any more takes over from it. */
  | { readonly type: "preempts"; readonly master: Advertisement }
  /** A Master whose Backups would not hear it any more, unless they are changed, too. */
  | { readonly type: "unheard"; readonly about: readonly Agreement[] }
  /** A Master that a Backup with a priority above this one takes over from. */
  | { readonly type: "weaker"; readonly priority: number };

export type Foresight = {
  readonly turn: Turn;
  readonly outlooks: ReadonlyMap<RouterKey, Outlook>;
  /** The Masters that resign before the reload itself, since links change, and why. */
  readonly resigned: ReadonlyMap<RouterKey, Reason>;
};

/** Folds a configuration over a state, as a reload at this instant would, whose links change before it; and looks ahead. */
export function foresee(before: AgentState, config: AgentConfig, at: Instant, links: readonly Link[] = []): Foresight {
  let state = before;
  const early: Effect[] = [];
  const resigned = new Map<RouterKey, Reason>();
  for (const link of links) {
    const turn = step(state, { at, seen: { type: "linkChanged", link } });
    early.push(...turn.effects);
    for (const { config: one, phase } of turn.state.routers)
      if (phase.name !== "master" && routerOf(state, one.key)?.phase.name === "master")
        resigned.set(one.key, phase.because);
    state = turn.state;
  }
  const turn = step(state, { at, seen: { type: "configured", config } });
  return { ...lookAhead({ ...turn, before, effects: [...early, ...turn.effects] }), resigned };
}

/** The same of a turn that brought a configuration. */
export function lookAhead(turn: Turn): Foresight {
  const { before, event } = turn;
  const outlooks = new Map<RouterKey, Outlook>();
  for (const router of turn.state.routers) {
    const was = routerOf(before, router.config.key);
    // Who is the very object it was has nothing to expect.
    if (was !== undefined && was.config !== router.config)
      outlooks.set(router.config.key, outlookOf(was, router, event.at));
  }
  return { turn, outlooks, resigned: new Map() };
}

const NOTHING: Outlook = { type: "nothing" };

function outlookOf(was: RouterState, router: RouterState, at: Instant): Outlook {
  if (was.phase.name !== router.phase.name) return NOTHING;
  if (router.phase.name === "master") return ofMaster(was, router);
  return router.phase.name === "backup" ? ofBackup(was, router, at) : NOTHING;
}

function ofMaster(was: RouterState, router: RouterState): Outlook {
  const about = disagreements(was.config, router.config);
  if (about.length > 0) return { type: "unheard", about };
  const priority = effectivePriority(router);
  return priority < effectivePriority(was) ? { type: "weaker", priority } : NOTHING;
}

function ofBackup(was: RouterState, router: RouterState, at: Instant): Outlook {
  const master = masterOf(was);
  if (master === null) return NOTHING; // whatever it waits for, it waited for before
  // heird judges a checksum in either form, so that alone deafens nobody here.
  const about = disagreements(was.config, router.config).filter((what) => what !== "v3_checksum_as_v2");
  if (about.length > 0) return { type: "deaf", master, about };
  return preempts(router, master, at) && !preempts(was, master, at) ? { type: "preempts", master } : NOTHING;
}

/** The Master that a Backup knows of; null when there is none, or it resigned. */
const masterOf = ({ phase }: RouterState): Advertisement | null =>
  phase.name === "backup" && !phase.resigned && phase.heard?.priority !== PRIORITY_STOP ? phase.heard : null;

/** Whether the same advertisement, again and again, does not keep this Backup from taking over in the end. */
function preempts(router: RouterState, master: Advertisement, at: Instant): boolean {
  const next = heard(router, master, at).router;
  if (next.phase.name !== "backup") return true;
  const { weaker, preemptAt, limitedUntil } = next.phase;
  if (weaker || (preemptAt === null && limitedUntil === null)) return weaker;
  const later = heard(next, master, instantAt(Math.max(preemptAt ?? at, limitedUntil ?? at))).router;
  return later.phase.name !== "backup" || later.phase.weaker;
}

/** On what the two differ, so that one does not hear the other. RFC 3768 §7.1, RFC 5798 §7.1. */
function disagreements(one: RouterConfig, other: RouterConfig): readonly Agreement[] {
  if (one.version !== other.version) return ["version"];
  const about: Agreement[] = [];
  if (one.version === 2 && !same(one.authentication, other.authentication)) about.push("authentication");
  if (one.version === 2 && one.adverInterval !== other.adverInterval) about.push("advert_int");
  if (one.version === 3 && one.family === "ipv4" && one.v3Checksum !== other.v3Checksum)
    about.push("v3_checksum_as_v2");
  return about;
}
