// Why a router is not Master, and the smallest changes that would make it so. Each of them was tried:
// the advertisement that holds the router back is folded again with the change in place.

import { limitInWords } from "../core/backup.ts";
import { PRIORITY_OWNER, PRIORITY_STOP, type RouterConfig } from "../core/config.ts";
import { drainInWords } from "../core/drain.ts";
import { hindranceOf } from "../core/hindrance.ts";
import { standingOf } from "../core/priority.ts";
import { heard } from "../core/router.ts";
import { type AgentState, type Backup, effectivePriority, type RouterState } from "../core/state.ts";
import { type Instant, inSeconds, seconds, until } from "../core/time.ts";

export type WhyNot = {
  readonly router: string;
  readonly name: string;
  readonly phase: string;
  /** The reasons, the strongest first; empty when it is Master. */
  readonly because: readonly string[];
  /** Changes of which each one alone is enough. */
  readonly enough: readonly string[];
};

/** What keeps a router from being Master at this instant. */
export function whyNot(state: AgentState, router: RouterState, at: Instant): WhyNot {
  const { config, phase } = router;
  const answer = { router: config.key, name: config.name, phase: phase.name };
  switch (phase.name) {
    case "master":
      return { ...answer, because: [], enough: [] };
    case "initialize":
      return { ...answer, ...besides(router, idle(state, router), at) };
    case "fault":
      return { ...answer, ...besides(router, ill(router), at) };
    case "backup":
      return { ...answer, ...waiting(state, router, phase, at) };
  }
}

type Reply = Pick<WhyNot, "because" | "enough">;

/** Who is out of service besides has two things to wait for. */
function besides(router: RouterState, reply: Reply, at: Instant): Reply {
  if (router.drained === null) return reply;
  const resume = `heird resume ${router.config.name}`;
  const because = [drainInWords(router, router.drained, at), ...reply.because];
  return { because, enough: reply.enough.length === 0 ? [] : [`both: ${resume}, and ${reply.enough.join(" or ")}`] };
}

function idle(state: AgentState, router: RouterState): Reply {
  if (!state.running)
    return { because: ["the daemon is not running, or has not started its routers"], enough: ["start it"] };
  if (router.phase.because !== "checks_pending")
    return { because: [`it has not been started (${router.phase.because})`], enough: [] };
  const silent = router.config.tracks
    .filter(({ check, weight }) => weight === 0 && (router.verdicts[check] ?? "unknown") === "unknown")
    .map(({ check }) => check);
  return {
    because: [`it waits for the first answer of ${silent.length === 0 ? "its group" : silent.join(", ")}`],
    enough: silent.map((check) => `${check} answers`),
  };
}

function ill(router: RouterState): Reply {
  const { faults } = standingOf(router.config, router.verdicts);
  const what: string[] = [];
  if (!router.linkUp && router.config.conduct.trackPrimary) what.push(`${router.config.interface} is down`);
  if (router.primaryAddress === null) what.push(`${router.config.interface} has no address to advertise from`);
  for (const check of faults) what.push(`${check} is bad, and its weight is 0`);
  if (router.company === "ill") what.push("another member of its sync group is in FAULT");
  const hindrance = hindranceOf(router);
  if (what.length === 0 && hindrance !== null) what.push(hindrance);
  return {
    because: what,
    enough: what.length === 1 ? [`that ends: ${what[0] ?? ""}`] : [`all of these end: ${what.join("; ")}`],
  };
}

function waiting(state: AgentState, router: RouterState, phase: Backup, at: Instant): Reply {
  if (router.drained !== null)
    return { because: [drainInWords(router, router.drained, at)], enough: [`heird resume ${router.config.name}`] };
  const due = inSeconds(until(at, phase.masterDownAt));
  if (phase.willing && router.config.basePriority !== PRIORITY_OWNER)
    return {
      because: ["it is willing, and waits for the other members of its sync group"],
      enough: group(state, router),
    };
  const advert = phase.heard;
  if (advert === null || advert.priority === PRIORITY_STOP || phase.resigned)
    return { because: [`no Master is heard; its timer runs out in ${due}`], enough: [`wait ${due}`] };
  const own = effectivePriority(router);
  const master = `${advert.source} with priority ${advert.priority}`;
  const because: string[] = [];
  if (advert.priority >= own) because.push(`${master} is Master, and its own priority is ${own}${terms(router)}`);
  if (!router.config.preempt) because.push(`nopreempt: it leaves a living Master alone whatever its priority`);
  if (phase.preemptAt !== null) because.push(`preempt_delay runs for another ${inSeconds(until(at, phase.preemptAt))}`);
  const limit = limitInWords(router.config, phase, at);
  if (limit !== null) because.push(limit);
  if (because.length === 0) because.push(`${master} is weaker; its timer runs out in ${due}`);
  return { because, enough: [...tried(router, phase, at), `${advert.source} falls silent, or resigns`] };
}

const group = ({ config, routers }: AgentState, { config: { key } }: RouterState): readonly string[] =>
  config.groups
    .filter(({ members }) => members.includes(key))
    .flatMap(({ members }) => members.filter((member) => member !== key))
    .flatMap((member) => {
      const other = routers.find(({ config: { key: its } }) => its === member);
      return other === undefined ? [] : [`${other.config.name} leaves ${other.phase.name.toUpperCase()}`];
    });

/** What its checks make of the priority it was given. */
function terms({ config, verdicts }: RouterState): string {
  const moved = config.tracks.flatMap((track) => {
    const share = standingOf({ basePriority: 128, tracks: [track] }, verdicts).priority - 128;
    return share === 0 ? [] : [`${track.check} ${share > 0 ? "+" : ""}${share}`];
  });
  return moved.length === 0 ? "" : ` (${config.basePriority} configured, ${moved.join(", ")})`;
}

/** What may make a router leave a weaker Master alone, taken away. */
const impatience = ({ preempt, preemptDelay, maxFailovers }: RouterConfig) => [
  ...(preempt ? [] : [["preempt instead of nopreempt", { preempt: true }] as const]),
  ...(preemptDelay > 0 ? [["no preempt_delay", { preemptDelay: seconds(0) }] as const] : []),
  ...(maxFailovers === null ? [] : [["no max_failovers", { maxFailovers: null }] as const]),
];

/** The changes of which one alone ends the waiting: a check that turns, preemption, a priority. */
function tried(router: RouterState, phase: Backup, at: Instant): readonly string[] {
  const advert = phase.heard;
  if (advert === null) return [];
  const frees = (changed: RouterState): boolean => {
    const next = heard(changed, advert, at).router;
    return next.phase.name !== "backup" || next.phase.weaker;
  };
  const { config } = router;
  const given = (change: Partial<RouterConfig>): RouterState => ({ ...router, config: { ...config, ...change } });
  const enough: string[] = [];
  for (const { check } of router.config.tracks)
    for (const verdict of ["up", "down"] as const)
      if (
        router.verdicts[check] !== verdict &&
        frees({ ...router, verdicts: { ...router.verdicts, [check]: verdict } })
      )
        enough.push(`${check} becomes ${verdict}`);
  for (const [words, change] of impatience(config)) if (frees(given(change))) enough.push(words);
  for (let priority = router.config.basePriority + 1; priority < PRIORITY_OWNER; priority++)
    if (frees(given({ basePriority: priority }))) {
      enough.push(`priority ${priority} instead of ${router.config.basePriority}`);
      break;
    }
  return enough;
}
