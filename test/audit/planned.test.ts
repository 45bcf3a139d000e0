// Which failovers a report counts as planned: what an operator asked for, and the same of those who only followed
// in a sync group.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { reportOn } from "../../agent/audit/report.ts";
import { accountsOf, openLogs } from "../../agent/cli/audit-source.ts";
import { seconds } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import { createLan, EPOCH_MS, type Node, router } from "../explain/two-nodes.ts";
import { scratch } from "../log/scratch.ts";

const { directory, clear } = scratch();
afterEach(clear);

function written(node: Node): string {
  const home = directory();
  mkdirSync(join(home, "log"));
  writeFileSync(join(home, "log", "00000001.jsonl"), node.texts().join(""));
  return home;
}

const UPLINK = { tracks: [{ check: "interface/eth1", weight: -60, reverse: false }] };

/** Two routers of a sync group on each of two nodes; only the first has an uplink to lose. */
function groups() {
  const lan = createLan();
  const pair = (name: string, address: string, priority: number): Node => {
    const two = [
      router(`priority=${priority}`, UPLINK),
      router(`priority=${priority} vrid=2 address=10.0.0.101`, { name: "VI_2" }),
    ];
    const node = lan.node(name, address, ...two);
    const members = two.map(({ key }) => key);
    const { config } = node.state();
    node.see({ type: "configured", config: { ...config, groups: [{ name: "G", members, hooks: usualHooks }] } });
    return node;
  };
  const [hA, hB] = [pair("hA", "10.0.0.1", 150), pair("hB", "10.0.0.2", 100)];
  lan.pass(seconds(20));
  const report = async () => {
    const found = await accountsOf(openLogs([hA, hB].map(written)), null, Number.POSITIVE_INFINITY);
    return reportOn(found, EPOCH_MS, EPOCH_MS + lan.now() / 1_000, []);
  };
  return { lan, hA, report };
}

test("a drain is, and so is the return, for every member", async () => {
  const { lan, hA, report } = groups();
  hA.see({ type: "commanded", command: { type: "drain", routers: null, lasts: null, reason: "update" } });
  lan.pass(seconds(20));
  hA.see({ type: "commanded", command: { type: "resume", routers: null } });
  lan.pass(seconds(30));
  const { vrs, worst } = await report();
  expect(vrs.map(({ name, failovers, planned }) => [name, failovers, planned])).toEqual([
    ["VI_1", 2, 2],
    ["VI_2", 2, 2],
  ]);
  expect(worst).toBeNull();
});

test("a stop is, and a death is not", async () => {
  const stopped = groups();
  stopped.hA.see({ type: "commanded", command: { type: "shutdown" } });
  stopped.lan.pass(seconds(20));
  expect((await stopped.report()).vrs.map(({ failovers, planned }) => [failovers, planned])).toEqual([
    [1, 1],
    [1, 1],
  ]);
  const killed = groups();
  killed.hA.die();
  killed.lan.pass(seconds(20));
  expect((await killed.report()).vrs.map(({ failovers, planned }) => [failovers, planned])).toEqual([
    [1, 0],
    [1, 0],
  ]);
});
