// The Master dies, its machine with it, or its link goes: how much later than Master_Down_Interval somebody
// else advertises. RFC 5798 §6.4.2 (365).

import type { Capture } from "../../netns/capture.ts";
import type { Host } from "../../netns/lan.ts";
import type { Packet } from "../../netns/packet.ts";
import { claimFrom, lastBefore } from "../../netns/wire.ts";
import type { Name, Running } from "../contestant.ts";
import { type Figure, greatest, quantile, type Sample } from "../figure.ts";
import { clear, die, type Ground, holds, onGround, whileBusy } from "../ground.ts";
import { byVrid, record } from "../observer.ts";
import type { Scenario } from "../scenario.ts";
import { downOf, microseconds, type Shape, textOf } from "../text.ts";

const PRIORITY = 100;
const VRRP = "ip proto 112 or ip6 proto 112";

export type Fall = Omit<Shape, "priority" | "instances"> & {
  readonly name: string;
  readonly title: string;
  /** The link goes, and the daemon lives. */
  readonly link?: boolean;
  readonly busy?: boolean;
  /** Failovers in one turn. */
  readonly rounds: number;
  readonly runs: number;
  readonly ratio?: number;
  readonly cap?: number;
};

/** One instance; the roles change with every failover. */
export function death(fall: Fall): Scenario {
  const { name, title, runs, ratio, cap } = fall;
  const figure: Figure = {
    key: "overshoot",
    title: "first advert after Master_Down_Interval",
    unit: "ms",
    limit: 0,
    ...(ratio === undefined ? {} : { ratio }),
    ...(cap === undefined ? {} : { cap }),
  };
  return { name, title, runs, figures: [figure], play: (who) => onGround(who, (ground) => fallsOn(ground, fall)) };
}

type Side = { readonly host: Host; readonly source: string; running: Running };

async function fallsOn(ground: Ground, fall: Fall): Promise<readonly Sample[]> {
  const text = textOf({ ...fall, instances: 1, priority: PRIORITY });
  const seen = await ground.lan.capture(VRRP);
  const sideOn = async (host: Host, address: string): Promise<Side> => ({
    host,
    source: fall.family === "ipv6" ? host.linkLocal : address,
    running: await ground.start(host, text),
  });
  let master = await sideOn(ground.rt1, "192.168.1.11");
  await seen.next("rt1 is Master", claimFrom(master.source), { within: 30_000 });
  let backup = await sideOn(ground.rt2, "192.168.1.12");
  const samples: Sample[] = [];
  await whileBusy(fall.busy === true, async () => {
    for (let round = 0; round < fall.rounds; round++) {
      samples.push({ overshoot: (await failover(seen, master, backup, fall)) / 1_000 });
      if (round + 1 === fall.rounds) break;
      if (fall.link !== true) {
        await clear(master.host);
        master.running = await ground.start(master.host, text);
      }
      [master, backup] = [backup, master];
    }
  });
  await seen.stop();
  return samples;
}

/** Waits for a while that is no multiple of the interval, so that the end falls anywhere. */
async function failover(seen: Capture, master: Side, backup: Side, fall: Fall): Promise<number> {
  const interval = microseconds(fall.interval);
  // A Backup that has just started has waited for an advertisement or two by then.
  const from = (seen.packets().at(-1)?.at ?? 0) + 2 * interval + 500_000;
  await seen.next("the Master advertises", (p) => p.at > from && claimFrom(master.source)(p), { within: 30_000 });
  if (fall.link !== true) await die(master.running);
  const cut = master.host.unplug();
  const claims = (packet: Packet): boolean => packet.at > from && claimFrom(backup.source)(packet);
  const claim = await seen.next("somebody takes over", claims, { within: 30_000 });
  await cut;
  const last = lastBefore(seen.packets(), claim.at, claimFrom(master.source));
  await master.host.plug();
  return claim.at - last - downOf(PRIORITY, interval);
}

export type Mass = {
  readonly name: string;
  readonly title: string;
  readonly instances: number;
  readonly interval: string;
  readonly rounds: number;
  readonly runs: number;
  readonly ratio?: number;
};

/** Every instance of a router loses its Master at once. */
export function mass(all: Mass): Scenario {
  const ratio = all.ratio === undefined ? {} : { ratio: all.ratio };
  const figures: readonly Figure[] = [
    { key: "p50", title: "overshoot, median of the instances", unit: "ms", limit: 0, ...ratio },
    { key: "max", title: "overshoot, last of the instances", unit: "ms", limit: 0, ...ratio },
  ];
  return { ...all, figures, play: (who) => onGround(who, (ground) => massOn(who, ground, all)) };
}

async function massOn(who: Name, ground: Ground, all: Mass): Promise<readonly Sample[]> {
  const interval = microseconds(all.interval);
  const text = textOf({ instances: all.instances, priority: PRIORITY, interval: all.interval });
  let [master, backup] = [
    { host: ground.rt1, source: "192.168.1.11", running: await ground.start(ground.rt1, text) },
    { host: ground.rt2, source: "192.168.1.12" },
  ];
  const samples: Sample[] = [];
  for (let round = 0; round < all.rounds; round++) {
    await holds(master.host, all.instances);
    const next = await ground.start(backup.host, text);
    await pause(interval / 1_000 + 1_500);
    const wire = await record(ground.lan, VRRP);
    await pause((1.3 * interval) / 1_000 + 200);
    await die(master.running);
    await master.host.unplug();
    await pause(downOf(PRIORITY, interval) / 1_000 + 1_000);
    const packets = await wire.stop();
    const lasts = byVrid(packets, claimFrom(master.source));
    const firsts = byVrid(packets, claimFrom(backup.source));
    const late = [...firsts].map(
      ([vrid, claims]) => (claims[0]?.at ?? 0) - (lasts.get(vrid)?.at(-1)?.at ?? 0) - downOf(PRIORITY, interval),
    );
    if (late.length < all.instances) throw new Error(`${who}: only ${late.length} of ${all.instances} took over`);
    samples.push({ p50: quantile(late, 0.5) / 1_000, max: greatest(late) / 1_000 });
    await master.host.plug();
    await clear(master.host);
    [master, backup] = [{ ...backup, running: next }, master];
  }
  return samples;
}

/** Nothing is waited for here but time to pass: what is measured is on the wire, and looking would disturb it. */
export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
