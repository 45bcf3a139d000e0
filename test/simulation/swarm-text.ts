// How one virtual router of a swarm is configured, in one line.

import type { AgentConfig, HookConfig, RouterConfig } from "../../agent/core/config.ts";
import { inSeconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";

export function routerText(router: RouterConfig, { groups, startupDelay }: AgentConfig): string {
  const { name, key, version, basePriority, adverInterval, preempt, preemptDelay, maxFailovers, tracks } = router;
  const words = [
    `${name} ${key} v${version} priority ${basePriority} every ${inSeconds(adverInterval)}`,
    ...(preempt ? [] : ["nopreempt"]),
    ...(maxFailovers === null ? [] : [`max_failovers ${maxFailovers.count} ${inSeconds(maxFailovers.window)}`]),
    ...(preemptDelay > 0 ? [`preempt_delay ${inSeconds(preemptDelay)}`] : []),
    ...(startupDelay > 0 ? [`startup delay ${inSeconds(startupDelay)}`] : []),
    ...tracks.map(({ check, weight }) => `tracks ${check} weight ${weight}`),
    ...(router.transport.to.type === "unicast" ? ["unicast"] : []),
    ...(router.vmac === null ? [] : [`on ${router.vmac.name}${router.vmac.xmitBase ? ", said below it" : ""}`]),
    ...(router.paths.length === 0 ? [] : [`${router.paths.length} path(s)`]),
    ...(router.hooks === usualHooks ? [] : [hooksText(router.hooks)]),
    ...groups.filter(({ members }) => members.includes(router.key)).map((group) => `in group ${group.name}`),
  ];
  return words.join(", ");
}

const hooksText = ({ preMaster, policy: { order, deadline, retries, preDeadline } }: HookConfig): string =>
  [
    `hooks ${order} within ${inSeconds(deadline)}, ${retries} retries`,
    ...(preMaster === null ? [] : [`before the addresses for ${inSeconds(preDeadline)}`]),
  ].join(" and ");
