// Draws a swarm from its seed: how many routers there are, what each is configured to, and how good its
// clock is. Neighbours agree on what VRRP wants them to agree on, and differ in what it lets them.

import type { Family } from "../../agent/core/address.ts";
import type { CheckConfig } from "../../agent/core/check.ts";
import {
  type AgentConfig,
  type HookConfig,
  type RouterConfig,
  routerKeyOf,
  type Track,
} from "../../agent/core/config.ts";
import { type Duration, instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAddress, usualAgent, usualHooks, usualRouter } from "../../agent/core/usual.ts";
import { type Random, randomFrom } from "../../agent/rehearse/random.ts";
import type { Site } from "../../agent/rehearse/world.ts";
import { ip } from "../log/history.ts";
import { drawHooks, drawLuxury, type Luxury, unicastTo, withVmac } from "./luxuries.ts";

/** What all neighbours of a virtual router have in common. */
type Common = Pick<
  RouterConfig,
  "vrid" | "family" | "interface" | "version" | "adverInterval" | "authentication" | "virtualAddresses" | "v3Checksum"
>;

/** The link that nothing runs over and routers may track. */
export const TRACKED = "eth9";

/** What some routers track, and the script of a life flips. */
export const HEALTH = "script/health";

export const nodeName = (i: number): string => `rt${i}`;
export const ownAddress = (family: Family, lan: number, node: number): string =>
  family === "ipv4" ? `10.${lan}.0.${node + 1}` : `fe80::${lan}:${node + 1}`;

export function drawSwarm(seed: number): readonly Site[] {
  const random = randomFrom(seed ^ 0x5eed);
  // Dice of their own, so that what a seed was before there were limits is what it is.
  const limits = randomFrom(seed ^ 0x11417);
  const size = random.pick([2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8]);
  const commons = drawCommons(random, size);
  const grouped = commons.length > 1 && random.happens(500);
  const delayed = random.happens(150);
  // By numbers of their own, so that what else is drawn stays as it is.
  const other = randomFrom(seed ^ 0x1c5e);
  const luxuries = commons.map(({ family, interface: iface, vrid }) => drawLuxury(other, family, iface, vrid));
  const hooks = other.happens(250) ? drawHooks(other) : usualHooks;
  return Array.from({ length: size }, (_, i): Site => {
    const own = drawConfig(random, commons, { limits, node: i, grouped, delayed });
    const config = withLuxuries(own, luxuries, hooks, i, size);
    const lans = [...new Set(commons.map((common) => common.interface))];
    const ports = lans.map((name) => ({
      name,
      lan: name,
      addresses: (["ipv4", "ipv6"] as const).map((family) => ({
        address: ip(ownAddress(family, Number(name.slice(3)), i)),
        prefixLength: family === "ipv4" ? 24 : 64,
      })),
    }));
    return {
      name: nodeName(i),
      config,
      ports: [...ports, ...virtualPorts(config), { name: TRACKED, lan: `${nodeName(i)}-${TRACKED}`, addresses: [] }],
      uptime: instantAt(random.between(1, 100_000) * 1_000_000 + random.below(1_000_000)),
      // A watch crystal, and now and then a bad one.
      ppm: random.happens(50) ? random.between(-20_000, 20_000) : random.between(-200, 200),
    };
  });
}

function withLuxuries(
  config: AgentConfig,
  luxuries: readonly Luxury[],
  hooks: HookConfig,
  node: number,
  size: number,
): AgentConfig {
  const routers = config.routers.map((router, i): RouterConfig => {
    const { unicast = false, vmac = null, paths = [] } = luxuries[i] ?? {};
    const { interface: iface, family, vrid, virtualAddresses } = router;
    const lan = Number(iface.slice(3));
    const others = Array.from({ length: size }, (_, n) => n).filter((n) => n !== node);
    const alone = {
      key: routerKeyOf(iface, family, vrid, "unicast"),
      transport: unicastTo(others.map((n) => ownAddress(family, lan, n))),
    };
    return {
      ...router,
      ...(unicast ? alone : {}),
      ...(vmac === null ? {} : withVmac(vmac, iface, family, virtualAddresses)),
      paths,
      hooks,
    };
  });
  const groups = config.groups.map((group) => ({
    ...group,
    members: routers.slice(0, 2).map(({ key }) => key),
    hooks,
  }));
  return { ...config, routers, groups };
}

/** Interfaces of virtual MACs are there from the start, as the provisioner makes them; they lie on the LAN below. */
const virtualPorts = ({ routers }: AgentConfig): Site["ports"] =>
  routers.flatMap(({ virtualInterfaces }) =>
    virtualInterfaces.map(({ name, parent }) => ({ name, lan: parent, addresses: [] })),
  );

function drawCommons(random: Random, size: number): readonly Common[] {
  const count = random.pick([1, 1, 1, 1, 2, 2, 3]);
  return Array.from({ length: count }, (_, i): Common => {
    const family: Family = random.happens(300) ? "ipv6" : "ipv4";
    const version = family === "ipv6" || random.happens(500) ? 3 : 2;
    const iface = i > 0 && random.happens(500) ? "eth1" : "eth0";
    const vrid = i + 1;
    const hasty = version === 3 && size < 5 && random.happens(60);
    return {
      vrid,
      family,
      version,
      interface: iface,
      adverInterval: hasty ? milliseconds(random.pick([100, 250])) : seconds(random.pick([1, 1, 1, 1, 2])),
      authentication: version === 2 && random.happens(150) ? { type: "pass", password: "heronry" } : { type: "none" },
      v3Checksum: random.pick(["pseudoHeader", "plain"]),
      virtualAddresses: Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, (_, n) => ({
        ...usualAddress,
        address: ip(family === "ipv4" ? `10.${vrid}.9.${n + 1}` : `2001:db8:${vrid}::${n + 1}`),
        prefixLength: family === "ipv4" ? 24 : 64,
        interface: iface,
        onLoss: random.pick(["restore", "restore", "restore", "failover", "ignore"]),
      })),
    };
  });
}

type Whose = { readonly limits: Random; readonly node: number; readonly grouped: boolean; readonly delayed: boolean };

function drawConfig(
  random: Random,
  commons: readonly Common[],
  { limits, node, grouped, delayed }: Whose,
): AgentConfig {
  const ofNode = random.pick([50, 100, 100, 100, 150, 200, 254]);
  const tracks = drawTracks(random);
  const nopreempt = random.happens(150);
  const maxFailovers = limits.happens(250)
    ? { count: limits.between(1, 3), window: seconds(limits.between(3, 20)) }
    : null;
  const preemptDelay = random.happens(120) ? seconds(random.between(1, 5)) : seconds(0);
  const routers = commons.map((common): RouterConfig => {
    const own = grouped ? ofNode : random.pick([50, 100, 100, 150, 200, 254]);
    // At most one may own the addresses.
    const owner = node === 0 && !grouped && random.happens(60);
    return {
      ...usualRouter(common.family),
      ...common,
      key: routerKeyOf(common.interface, common.family, common.vrid),
      name: `VI_${common.vrid}`,
      basePriority: owner ? 255 : own,
      downTimerAdverts: 3,
      preempt: !nopreempt || owner,
      preemptDelay: owner ? seconds(0) : preemptDelay,
      maxFailovers: owner ? null : maxFailovers,
      announce: { ...ANNOUNCE, masterDelay: random.pick(DELAYS) },
      conduct: drawConduct(random, common.family),
      tracks: owner ? [] : tracks,
    };
  });
  return {
    ...usualAgent,
    routerId: nodeName(node),
    routers,
    groups: grouped ? [{ name: "G", members: routers.slice(0, 2).map(({ key }) => key), hooks: usualHooks }] : [],
    checks: tracks.some(({ check }) => check === HEALTH) ? [drawHealth(random)] : [],
    startupDelay: delayed ? seconds(random.between(0, 2)) : seconds(0),
    linkDelays: delayed ? { eth0: { down: milliseconds(500), up: seconds(1) } } : {},
  };
}

const DELAYS: readonly Duration[] = [seconds(0), seconds(5), seconds(1)];
const ANNOUNCE = {
  masterRepeat: 2,
  masterDelay: seconds(5),
  refresh: seconds(0),
  refreshRepeat: 1,
  lowerPriorityRepeat: 1,
  lowerPriorityDelay: seconds(0),
} as const;

function drawTracks(random: Random): readonly Track[] {
  if (random.happens(600)) return [];
  const weight = random.pick([0, -20, -60, -110, 30, 60]);
  const link = { check: `interface/${TRACKED}`, weight, reverse: false };
  const script = { check: HEALTH, weight: random.pick([0, -20, -60, 30]), reverse: false };
  return random.pick([[link], [script], [link, script]]);
}

function drawConduct(random: Random, family: Family): RouterConfig["conduct"] {
  const usual = usualRouter(family).conduct;
  if (random.happens(600)) return usual;
  return {
    ...usual,
    lowerPriorityNoAdvert: random.happens(300),
    higherPrioritySendAdvert: random.happens(300),
    tellPriorityAtOnce: random.happens(500),
    fastHandover: random.happens(300),
  };
}

function drawHealth(random: Random): CheckConfig {
  const counts = { rise: random.between(1, 2), fall: random.between(1, 3) };
  return {
    name: HEALTH,
    question: { kind: "script", program: { argv: ["/bin/true"], user: null, group: null, umask: 0o022 } },
    interval: seconds(random.pick([1, 2])),
    timeout: seconds(1),
    jitter: seconds(0),
    source: null,
    device: null,
    latency: null,
    belief: {
      master: counts,
      backup: counts,
      initFail: random.happens(200),
      holdDown: seconds(0),
      minGood: seconds(0),
      minBad: seconds(0),
      flapPenalty: null,
      verdict: "upOrDown",
    },
  };
}
