// Every scenario, with the goal of its figures where there is one; in the order of the table.

import type { Scenario } from "./scenario.ts";
import { addresses } from "./scenarios/addresses.ts";
import { reaction } from "./scenarios/check.ts";
import { death, mass } from "./scenarios/death.ts";
import { preempt } from "./scenarios/preempt.ts";
import { reload } from "./scenarios/reload.ts";
import { begin } from "./scenarios/start.ts";
import { steady } from "./scenarios/steady.ts";
import { stop } from "./scenarios/stop.ts";

const DEATH = "Master dies, idle machine";
const BUSY = "Master dies, every core busy";
/** What Keepalived is not unless told, and heird is by itself. */
const REALTIME = ["global_defs {", "  vrrp_rt_priority 10", "}"];

export const SCENARIOS: readonly Scenario[] = [
  death({ name: "death-v3-1s", title: `${DEATH}, v3 1 s`, interval: "1", rounds: 3, runs: 3, ratio: 1.5, cap: 1 }),
  death({
    name: "death-v3-100ms",
    title: `${DEATH}, v3 100 ms`,
    interval: "0.1",
    rounds: 5,
    runs: 4,
    ratio: 1.5,
    cap: 1,
  }),
  death({
    name: "death-v3-10ms",
    title: `${DEATH}, v3 10 ms`,
    interval: "0.01",
    rounds: 5,
    runs: 4,
    ratio: 1.5,
    cap: 1,
  }),
  death({ name: "death-v2-1s", title: `${DEATH}, v2 1 s`, interval: "1", version: 2, rounds: 3, runs: 2 }),
  death({ name: "death-ipv6-1s", title: `${DEATH}, v3 1 s, IPv6`, interval: "1", family: "ipv6", rounds: 3, runs: 2 }),
  death({
    name: "link-v3-1s",
    title: "link of the Master goes, v3 1 s",
    interval: "1",
    link: true,
    rounds: 2,
    runs: 3,
  }),
  death({
    name: "busy-v3-1s",
    title: `${BUSY}, v3 1 s`,
    interval: "1",
    busy: true,
    rounds: 3,
    runs: 4,
    ratio: 0.2,
    cap: 1.5,
  }),
  death({
    name: "busy-v3-100ms",
    title: `${BUSY}, v3 100 ms`,
    interval: "0.1",
    busy: true,
    rounds: 5,
    runs: 4,
    cap: 1.5,
  }),
  death({
    name: "busy-v3-1s-rt",
    title: `${BUSY}, v3 1 s, both real-time`,
    interval: "1",
    busy: true,
    rounds: 3,
    runs: 2,
    head: REALTIME,
  }),
  stop,
  addresses(1, 3),
  addresses(100, 3),
  addresses(1_000, 5),
  mass({
    name: "at-once-50-1s",
    title: "50 instances lose their Master, v3 1 s",
    instances: 50,
    interval: "1",
    rounds: 1,
    runs: 3,
  }),
  mass({
    name: "at-once-250-1s",
    title: "250 instances lose their Master, v3 1 s",
    instances: 250,
    interval: "1",
    rounds: 2,
    runs: 3,
    ratio: 1,
  }),
  mass({
    name: "at-once-250-100ms",
    title: "250 instances lose their Master, v3 100 ms",
    instances: 250,
    interval: "0.1",
    rounds: 2,
    runs: 3,
    ratio: 1,
  }),
  reload({ instances: 1, addresses: 1, runs: 3 }),
  reload({ instances: 250, addresses: 1, runs: 4, ratios: { announced: 2, gap: 1 } }),
  reload({ instances: 1, addresses: 1_000, runs: 3 }),
  preempt("1", 3, 4),
  preempt("0.1", 3, 4),
  steady({ instances: 1, interval: "1", runs: 1 }),
  steady({ instances: 50, interval: "1", runs: 1 }),
  steady({ instances: 250, interval: "1", runs: 1 }),
  steady({ instances: 50, interval: "0.01", runs: 1 }),
  steady({ instances: 50, interval: "0.1", runs: 3, goals: { drift: 0.02 } }),
  steady({ instances: 50, interval: "0.1", busy: true, runs: 3, goals: { drift: 0.02 } }),
  steady({ instances: 250, interval: "0.1", runs: 3, goals: { cpuMaster: 1.5, cpuBackup: 2, jitter: 1 } }),
  steady({ instances: 250, interval: "0.1", busy: true, runs: 3, goals: { jitter: 0.3 } }),
  steady({ instances: 250, interval: "0.1", busy: true, runs: 1, head: REALTIME }),
  begin(1, 5, { first: 8, rss: 4.5 }),
  begin(50, 1, null),
  begin(250, 4, { first: 4, rss: 5 }),
  reaction({
    name: "check-1s",
    title: "check fails, weight 0, adverts at 1 s",
    asked: "quickest",
    weight: 0,
    interval: "1",
    runs: 6,
    ratio: 0.75,
  }),
  reaction({
    name: "check-100ms",
    title: "check fails, weight 0, adverts at 100 ms",
    asked: "quickest",
    weight: 0,
    interval: "0.1",
    runs: 6,
    ratio: 0.5,
  }),
  reaction({
    name: "handover-1s",
    title: "weighted check fails, adverts at 1 s, heird with fast_handover",
    asked: "quickest",
    weight: -150,
    interval: "1",
    runs: 5,
    ratio: 0.35,
  }),
  reaction({
    name: "file-1s",
    title: "tracked file fails, adverts at 1 s",
    asked: "file",
    weight: 0,
    interval: "1",
    runs: 3,
  }),
  reaction({
    name: "interface-1s",
    title: "tracked interface goes, adverts at 1 s",
    asked: "interface",
    weight: 0,
    interval: "1",
    runs: 3,
  }),
];
