// The audit record, field by field as the specification of the audit has it, and what is counted over a
// whole epoch by a reading that begins in the middle of it.

import { rmSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { openOutbox } from "../../agent/audit/outbox.ts";
import type { AuditRecord, TransitionRecord } from "../../agent/audit/record.ts";
import { createRecorder } from "../../agent/audit/recorder.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { filesOf } from "../../agent/log/seek.ts";
import { createStrainGauge } from "../../agent/operate/strain.ts";
import { CHECKS, run } from "../log/checked.ts";
import { scratch } from "../log/scratch.ts";
import { somebody } from "../operate/somebody.ts";
import { createNode, labConfig, type Node, vrrp } from "./lab.ts";

const { directory, clear } = scratch();
afterEach(clear);

const PLAIN = "script/plain";

/** The records of the transitions that a reading from this line on has. */
const recordsOf = (node: Node, from = 0): readonly TransitionRecord[] =>
  allOf(node, from).flatMap((record) => (record.kind === "transition" ? [record] : []));

function allOf(node: Node, from = 0): readonly AuditRecord[] {
  const reader = openOutbox(node.directory).open(from, node.epoch());
  const recorder = createRecorder("lab", node.name, reader.past);
  const found: AuditRecord[] = [];
  for (let letters = reader.next(100, 1e6); letters.length > 0; letters = reader.next(100, 1e6))
    for (const { line } of letters) {
      const { record } = recorder.look(line);
      if (record !== null) found.push(record);
    }
  reader.close();
  return found;
}

const FIELDS = [
  ...["v", "id", "cluster", "node", "nodeId", "epoch", "bootId", "seq", "kind"],
  ...["time.hlc", "time.wall", "time.monoNs"],
  ...["name", "vrid", "family", "interface", "segment", "version", "vips", "syncGroup"].map((field) => `vr.${field}`),
  ...["from", "to", "reason", "yangEvent", "mibReason", "tenure", "previousStateMs"].map((one) => `transition.${one}`),
  ...["master.before", "master.after"],
  ...["configured", "effectiveBefore", "effectiveAfter", "terms"].map((field) => `priority.${field}`),
  ...["adverMs", "masterAdverMs", "skewMs", "masterDownMs", "deadlineAt", "firedAt", "latenessUs", "advertsMissed"].map(
    (field) => `timers.${field}`,
  ),
  ...["cause.0.seq", "cause.0.type", "cause.0.summary"],
  ...["name", "rc", "signal", "timedOut", "queuedMs", "execMs", "outputTail", "outputSha256"].map(
    (field) => `evidence.checks.0.${field}`,
  ),
  ...["evidence.link", "evidence.adverts", "evidence.actor", "evidence.recorder"],
  ...["evidence.self.loopLagMaxMs", "evidence.self.gcMaxMs"],
  ...["config.hash", "config.file", "config.generation", "software.version", "software.foldVersion"],
];

const at = (value: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce(
      (inner, part) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, part) : undefined),
      value,
    );

describe("the record of a transition", () => {
  test("has every field, and of a check the answers that the verdict was made of", () => {
    const track = { check: PLAIN, weight: 0, reverse: false };
    const config = { ...labConfig("r1", [vrrp(7, { tracks: [track] })]), checks: CHECKS.slice(0, 1) };
    const node = createNode({ name: "r1", directory: directory(), config });
    const killed = { ...run(false, 0, instantAt(0)), exit: "SIGKILL", timedOut: true, output: "half a wo" };
    node.see({ type: "checkReported", check: PLAIN, run: { ...run(true, 0, instantAt(0)), exit: 0 } }, 1_000);
    node.see({ type: "checkReported", check: PLAIN, run: killed }, 1_000_000);
    const record = recordsOf(node).at(-1);
    for (const field of FIELDS) expect(at(record, field), field).toBeDefined();
    expect(record).toMatchObject({
      nodeId: "m-r1",
      // 10.0.7.100/24 without its last eight bits.
      vr: { segment: "10.0.7.0/24" },
      transition: { to: "fault", reason: "check_fault" },
      evidence: { self: { loopLagMaxMs: 2.5, gcMaxMs: 0.7 } },
    });
    expect(record?.evidence.checks.at(-1)).toMatchObject({
      name: PLAIN,
      rc: null,
      signal: "SIGKILL",
      timedOut: true,
      outputTail: "half a wo",
      // printf 'half a wo' | sha256sum
      outputSha256: "7cd97ee2a054c5c021930f6f69c4820b5b68f192e160833b40d4b8ec69e32a96",
    });
    expect(record?.cause.at(-1)).toMatchObject({ type: "checkReported" });
  });

  test("names who asked, and nobody where the log is older or the cause is another", () => {
    const node = createNode({ name: "r1", directory: directory(), config: labConfig("r1", [vrrp(7)]) });
    expect(recordsOf(node).map(({ evidence }) => evidence.actor)).toEqual([null]);
    node.see({ type: "commanded", command: { type: "shutdown" }, by: { via: "signal", signal: "SIGTERM" } }, 1_000);
    node.see({ type: "commanded", command: { type: "startup" }, by: somebody }, 1_000);
    const asked = recordsOf(node).slice(1);
    expect(asked.map(({ transition, evidence }) => [transition.reason, evidence.actor])).toEqual([
      ["shutdown", { via: "signal", signal: "SIGTERM" }],
      ["startup", somebody],
    ]);
    node.see({ type: "linkChanged", link: { name: "eth0", index: 2, up: false } }, 1_000);
    expect(recordsOf(node).at(-1)).toMatchObject({ transition: { reason: "link_down" }, evidence: { actor: null } });
  });

  test("is what the record of a hook belongs to that tells of it, also when that ends behind the next one", () => {
    const router = vrrp(7);
    const node = createNode({ name: "r1", directory: directory(), config: labConfig("r1", [router]) });
    for (const up of [false, true]) node.see({ type: "linkChanged", link: { name: "eth0", index: 2, up } }, 1_000_000);
    const [fault, back] = recordsOf(node).slice(-2);
    const usual = {
      type: "hookEnded",
      hook: "notify",
      router: router.key,
      attempt: 1,
      final: true,
      output: "",
    } as const;
    const ended = { ...usual, outcome: "done", detail: "exit 0", queued: seconds(0), took: seconds(1) } as const;
    const at = (record = fault): number => Number(record?.time.monoNs) / 1_000;
    node.see({ ...ended, event: `life/${at()}/FAULT/eth0/ipv4/7` }, 1_000_000);
    node.see({ ...ended, event: `life/${at(back)}/BACKUP/eth0/ipv4/7` }, 1_000_000);
    // Nobody remembers of which one.
    node.see({ ...ended, event: "life/1/BACKUP/eth0/ipv4/7" }, 1_000_000);
    const hooks = allOf(node).flatMap((record) => (record.kind === "notify" && "of" in record ? [record.of] : []));
    expect(hooks).toEqual([fault?.id, back?.id, null]);
  });

  test("counts how often it became Master in this epoch, wherever the reading begins", () => {
    const config = labConfig("r1", [vrrp(7)]);
    const node = createNode({ name: "r1", directory: directory(), config, segmentBytes: 10_000 });
    node.happen(300);
    node.restart();
    node.happen(300);
    const all = recordsOf(node);
    const masteries = all.filter(({ transition }) => transition.to === "master");
    expect(masteries.length).toBeGreaterThan(10);
    expect(masteries.map(({ transition }) => transition.tenure)).toEqual(masteries.map((_, i) => i + 1));
    expect(all.every(({ transition }) => transition.tenureSince === 0)).toBe(true);
    const late = recordsOf(node, node.head());
    expect(late.length).toBeLessThan(all.length / 2);
    expect(late).toMatchObject(
      all.slice(-late.length).map(({ seq, transition: { tenure } }) => ({ seq, transition: { tenure } })),
    );
    // What retention took is not counted, and that is said.
    const [first = ""] = filesOf(node.directory);
    rmSync(first);
    const rest = recordsOf(node).at(-1)?.transition;
    expect(rest?.tenureSince).toBeGreaterThan(0);
    expect(rest?.tenure).toBeLessThanOrEqual(all.at(-1)?.transition.tenure ?? 0);
  });
});

describe("how hard it went", () => {
  test("is the worst of half a minute, and the beat that is due", () => {
    const gauge = createStrainGauge();
    const second = (n: number) => instantAt(n * 1_000_000);
    expect(gauge.worst(second(0))).toEqual({ late: 0, collected: 0 });
    gauge.late(seconds(0.4), second(1));
    gauge.collected(seconds(0.02), second(2));
    gauge.late(seconds(0.001), second(10));
    // The beat is due 200 ms after the last: a second later it is late by 800 ms.
    expect(gauge.worst(second(11))).toEqual({ late: 800_000, collected: 20_000 });
    gauge.late(seconds(0), second(30));
    expect(gauge.worst(second(30))).toEqual({ late: 400_000, collected: 20_000 });
    gauge.late(seconds(0), second(31));
    expect(gauge.worst(second(31))).toEqual({ late: 1_000, collected: 20_000 });
    gauge.late(seconds(0), second(45));
    expect(gauge.worst(second(45))).toEqual({ late: 0, collected: 0 });
  });
});
