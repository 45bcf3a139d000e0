// How one virtual router of a swarm is configured, in one line.

import type { AgentConfig, RouterConfig } from "../../agent/core/config.ts";
import { inSeconds } from "../../agent/core/time.ts";

export function routerText(router: RouterConfig, { groups, startupDelay }: AgentConfig): string {
  const { name, key, version, basePriority, adverInterval, preempt, preemptDelay, maxFailovers, tracks } = router;
  const words = [
    `${name} ${key} v${version} priority ${basePriority} every ${inSeconds(adverInterval)}`,
    ...(preempt ? [] : ["nopreempt"]),
    ...(maxFailovers === null ? [] : [`max_failovers ${maxFailovers.count} ${inSeconds(maxFailovers.window)}`]),
    ...(preemptDelay > 0 ? [`preempt_delay ${inSeconds(preemptDelay)}`] : []),
    ...(startupDelay > 0 ? [`startup delay ${inSeconds(startupDelay)}`] : []),
    ...tracks.map(({ check, weight }) => `tracks ${check} weight ${weight}`),
    ...groups.filter(({ members }) => members.includes(router.key)).map((group) => `in group ${group.name}`),
  ];
  return words.join(", ");
}
