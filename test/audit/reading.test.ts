// What a reader makes of the logs of several nodes, against what really happened on their LAN.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { reportOn } from "../../agent/audit/report.ts";
import { stretchesOf, withTestimony } from "../../agent/audit/sweep.ts";
import { timeline } from "../../agent/audit/timeline.ts";
import { audit } from "../../agent/cli/audit.ts";
import { accountsOf, openLogs } from "../../agent/cli/audit-source.ts";
import { explainAcross } from "../../agent/cli/explain.ts";
import { historyOfAll } from "../../agent/cli/history-all.ts";
import { EXIT } from "../../agent/cli/refusal.ts";
import { milliseconds, seconds } from "../../agent/core/time.ts";
import { createLan, EPOCH_MS, type Lan, type Node, router } from "../explain/two-nodes.ts";
import { scratch } from "../log/scratch.ts";
import { run } from "./command.ts";
import { chance, createNode, labConfig, vrrp } from "./lab.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();
afterEach(() => {
  vi.restoreAllMocks();
  clear();
});

const UPLINK = { tracks: [{ check: "interface/eth1", weight: -60, reverse: false }] };
const VR = "ipv4/1/10.0.0.100/24";
const uplink = (node: Node, up: boolean): void =>
  node.see({ type: "linkChanged", link: { name: "eth1", index: 2, up } });

/** The log of a node as a directory, in the form of a state directory. */
function written(node: Node): string {
  const home = directory();
  mkdirSync(join(home, "log"));
  writeFileSync(join(home, "log", "00000001.jsonl"), node.texts().join(""));
  return home;
}

const accounts = (nodes: readonly Node[]) => accountsOf(openLogs(nodes.map(written)), null, Number.POSITIVE_INFINITY);

/** Lets time pass, and counts for how many ms there was a Master that lived. */
function counted(lan: Lan, nodes: readonly Node[], dead: () => Node | null, ms: number): { up: number; down: number } {
  const sum = { up: 0, down: 0 };
  for (let i = 0; i < ms; i += 5) {
    const held = nodes.some((node) => node !== dead() && node.state().routers[0]?.phase.name === "master");
    sum[held ? "up" : "down"] += 5;
    lan.pass(milliseconds(5));
  }
  return sum;
}

/** Counts the truth about nodes while time passes, from when one of them is said to be dead on without that one. */
function witness(lan: Lan, nodes: readonly Node[]) {
  let dead: Node | null = null;
  const truth = { up: 0, down: 0 };
  const pass = (ms: number): void => {
    const { up, down } = counted(lan, nodes, () => dead, ms);
    truth.up += up;
    truth.down += down;
  };
  const die = (node: Node): void => {
    node.die();
    dead = node;
  };
  return { truth, pass, die, isWhole: () => dead === null };
}

/** A pair that has led a life: a check that failed and came back, and a Master that was killed. */
function life() {
  const lan = createLan();
  const hA = lan.node("hA", "10.0.0.1", router("priority=150", UPLINK));
  const hB = lan.node("hB", "10.0.0.2", router("priority=100"));
  const { truth, pass, die } = witness(lan, [hA, hB]);
  pass(20_400);
  uplink(hA, false);
  pass(30_000);
  uplink(hA, true);
  pass(30_000);
  die(hA);
  pass(30_000);
  return { lan, hA, hB, truth };
}

describe("availability", () => {
  test("is what really was, within the error it states, and its parts are the whole time", async () => {
    const { hA, hB, truth } = life();
    const found = await accounts([hA, hB]);
    const [from, to] = [EPOCH_MS, EPOCH_MS + 110_400];
    const report = reportOn(found, from, to, []);
    const [vr] = report.vrs;
    if (vr === undefined) throw new Error("no virtual router was found");
    expect(vr.upMs + vr.degradedMs + vr.downMs + vr.unknownMs).toBeCloseTo(to - from, 6);
    // hA: 3 * 1 s + (256 - 150) / 256 s of 1 s = 3.414 s until it is Master; and the gap after its death, of
    // 3.609 s less what had passed since its last advertisement.
    // Twice an advertisement's interval for two silences, and a ms for each change.
    const error = vr.error * (vr.upMs + vr.degradedMs + vr.downMs);
    expect(error).toBeLessThan(2_100);
    expect(Math.abs(vr.downMs - truth.down)).toBeLessThanOrEqual(error + 10);
    expect(Math.abs(vr.upMs + vr.degradedMs - truth.up)).toBeLessThanOrEqual(error + 10 + vr.unknownMs);
    // hB wrote its last window less than 10 s before the end; nobody knows of the rest.
    expect(vr.unknownMs).toBeLessThanOrEqual(10_500);
    expect(vr.availability).toBeCloseTo((vr.upMs + vr.degradedMs) / (to - from - vr.unknownMs), 9);
  });

  test.each([1, 2, 3, 4, 5, 6])("is so whatever happens (S15), seed %i", async (seed) => {
    const random = chance(seed);
    const lan = createLan();
    const hA = lan.node("hA", "10.0.0.1", router("priority=150", UPLINK));
    const hB = lan.node("hB", "10.0.0.2", router("priority=100", UPLINK));
    const nodes = [hA, hB];
    const { truth, pass, die, isWhole } = witness(lan, nodes);
    for (let i = 0; i < 5; i++) {
      // Multiples of the 5 ms in which the truth is counted.
      pass(5 * Math.floor(500 + random() * 4_000));
      const node = random() < 0.5 ? hA : hB;
      if (isWhole() && random() < 0.2) die(node);
      else uplink(node, random() < 0.5);
    }
    pass(15_000);
    const to = EPOCH_MS + truth.up + truth.down;
    const [vr] = reportOn(await accounts(nodes), EPOCH_MS, to, []).vrs;
    if (vr === undefined) throw new Error("no virtual router was found");
    expect(vr.upMs + vr.degradedMs + vr.downMs + vr.unknownMs).toBeCloseTo(to - EPOCH_MS, 6);
    // What it states, what nobody knows, and the 5 ms of each side of a change between which the truth is not looked at.
    const allowed = vr.error * (to - EPOCH_MS - vr.unknownMs) + vr.unknownMs + 50;
    expect(Math.abs(vr.downMs - truth.down)).toBeLessThanOrEqual(allowed);
    expect(Math.abs(vr.upMs + vr.degradedMs - truth.up)).toBeLessThanOrEqual(allowed);
    // A dead router says nothing, and is heard of by its neighbour: what stays unknown is less than a window each.
    expect(vr.unknownMs).toBeLessThanOrEqual(10_500);
  });

  test("tells failovers from failbacks, causes, gaps and who lost most", async () => {
    const { hA, hB } = life();
    const report = reportOn(await accounts([hA, hB]), EPOCH_MS, EPOCH_MS + 110_400, []);
    const [vr] = report.vrs;
    // hA -> hB as its uplink failed, hB -> hA as it came back (the one that is planned), hA -> hB as it was killed.
    expect(vr).toMatchObject({ name: "VI_1", nodes: ["hA", "hB"], failovers: 3, planned: 1, flaps: 1, overlaps: [] });
    expect(vr?.gaps.length).toBe(2);
    expect(vr?.gaps[0]?.ms).toBeCloseTo(3_414, -1);
    expect(vr?.gaps[1]?.ms).toBeCloseTo(3_609, -1);
    expect(report.worst).toEqual({ node: "hA", losses: 2, of: 2 });
    expect(report.causes.map(({ cause }) => cause).sort()).toEqual(["master_silent", "master_weaker"]);
    expect(vr?.switches["detect"]?.count).toBeGreaterThan(0);
  });

  test("is unknown, not lost, while nobody can tell", async () => {
    const lan = createLan();
    const hA = lan.node("hA", "10.0.0.1", router("priority=150"));
    lan.pass(seconds(60));
    const found = await accounts([hA]);
    const [from, to] = [EPOCH_MS, EPOCH_MS + 160_000];
    const [stretch] = stretchesOf(withTestimony(found), VR, from, to).slice(-1);
    expect(stretch).toMatchObject({ condition: "unknown", to });
    const [vr] = reportOn(found, from, to, []).vrs;
    expect(vr?.unknownMs).toBeGreaterThanOrEqual(100_000);
    expect(vr?.availability).toBeGreaterThan(0.9);
  });
});

describe("two Masters", () => {
  test("are possible as long as clocks may be wrong, and certain when they are not, or one has heard the other", async () => {
    // Each alone on its wire, so both are Master from 3.414 s and from 3.609 s on.
    const nodes = ["hA", "hB"].map((name, i) => {
      const lan = createLan();
      const node = lan.node(name, `10.0.0.${i + 1}`, router(`priority=${150 - 50 * i}`));
      lan.pass(seconds(60));
      return node;
    });
    const found = await accounts(nodes);
    const overlaps = (some: typeof found) => reportOn(some, EPOCH_MS, EPOCH_MS + 40_000, []).vrs[0]?.overlaps;
    expect(overlaps(found)).toMatchObject([{ nodes: ["hA", "hB"], certain: false }]);
    expect(overlaps(found)?.[0]?.ms).toBeCloseTo(40_000 - 3_609, -1);
    const heard = found.map((one) => ({ ...one, sightings: [{ vr: VR, at: EPOCH_MS + 20_000 }] }));
    expect(overlaps(heard)).toMatchObject([{ certain: true }]);
  });
});

describe("the order of changes", () => {
  test("goes by what was heard, and says by how much a clock contradicts it", async () => {
    const { hA, hB } = life();
    const found = await accounts([hA, hB]);
    // hA's clock is set back by 5 s: it yields to hB before hB is Master, if clocks were believed.
    const early = found.map((one) =>
      one.node === "hA"
        ? { ...one, changes: one.changes.map((change) => ({ ...change, at: change.at - 5_000 })) }
        : one,
    );
    const order = timeline(early).map(({ node, record, contradictedBy }) => ({
      what: `${node} ${record.transition.from} -> ${record.transition.to} ${record.transition.reason}`,
      contradictedBy,
    }));
    const took = order.findIndex(({ what }) => what === "hB backup -> master master_weaker");
    const yielded = order.findIndex(({ what }) => what === "hA master -> backup peer_stronger");
    expect(yielded).toBe(took + 1);
    expect(order[yielded]?.contradictedBy).toBeGreaterThan(4_900);
    expect(timeline(found).every(({ contradictedBy }) => contradictedBy === 0)).toBe(true);
  });
});

const COMMON = { "state-dir": "/nonexistent", json: false };

describe("the commands, without a Redis", () => {
  test("timeline, report, export and history read the directories of several nodes", async () => {
    const { hA, hB } = life();
    const [a, b] = [written(hA), written(hB)];
    const options = { ...COMMON, logs: [a] };
    const shown = await run(() => audit(["timeline", b], options));
    expect(shown.code).toBe(EXIT.ok);
    expect(shown.text).toMatch(/^Time +Instance +hA +hB +Why\n/);
    expect(shown.text).toMatch(/BACKUP -> MASTER +master_weaker/);
    const report = await run(() => audit(["report", b], options));
    expect(report.text).toMatch(/VI_1 +9\d\.\d{4} % \+-\d\.\d{4} .* 3 \(1\)/);
    expect(report.text).toContain("Top causes");
    const json = await run(() => audit(["report", b], { ...options, json: true }));
    expect(JSON.parse(json.text)).toMatchObject({ schema: 1, nodes: ["hA", "hB"] });
    const csv = await run(() => audit(["report", b], { ...options, format: "csv" }));
    expect(csv.text.split("\n")[0]).toContain("availability");
    const exported = await run(() => audit(["export", b], { ...options, format: "csv" }));
    expect(exported.text.split("\n").length).toBeGreaterThan(6);
    const whole = (await run(() => audit(["export", b], options))).text.trimEnd().split("\n");
    for (const document of whole.map((line) => JSON.parse(line) as Record<string, unknown>)) {
      expect(document["hash"]).toMatch(/^[0-9a-f]{64}$/);
      expect(document["prev"]).toMatch(/^[0-9a-f]{64}$/);
      expect(Object.keys(document["durations"] ?? {})).toContain("detectMs");
    }
    // Who was Master by name, where its log is there, too.
    const masters = whole.map(
      (line) => (JSON.parse(line) as { master: { before: { node: string } | null } }).master.before?.node,
    );
    expect(new Set(masters)).toEqual(new Set([undefined, "hA", "hB"]));
    const history = await run(() => historyOfAll("VI_1", { ...options, logs: [a, b] }));
    expect(history.text).toMatch(/VI_1 +hB .*lasts/);
    expect((await run(() => audit(["report", b], { ...options, format: "xml" }))).code).toBe(EXIT.usage);
    expect((await run(() => audit(["weigh"], options))).code).toBe(EXIT.usage);
    for (const wrong of [{ vr: "VI_9" }, { node: "hC" }, { since: "1h", until: "2h" }])
      for (const verb of ["timeline", "report", "export"])
        expect([verb, (await run(() => audit([verb, b], { ...options, ...wrong }))).code]).toEqual([verb, EXIT.usage]);
    expect((await run(() => audit(["report", b], { ...options, node: "hA" }))).text).toMatch(/VI_1 .* 3 \(1\)/);
    expect((await run(() => audit(["report"], { ...COMMON, redis: ["http://h"], "cluster-name": "c" }))).code).toBe(
      EXIT.usage,
    );
    expect((await run(() => audit(["trim"], options))).code).toBe(EXIT.usage);
    expect((await run(() => audit(["report"], { ...COMMON, logs: ["/nonexistent"] }))).code).toBe(EXIT.unreachable);
    expect((await run(() => audit(["report"], COMMON))).code).toBe(EXIT.usage);
  });

  test("a Master that was killed and came back is told to have died, by timeline, history and explain", async () => {
    const node = createNode({ name: "r1", directory: directory(), config: labConfig("r1", [vrrp(7)]) });
    while (node.state().routers[0]?.phase.name !== "master") node.happen(1);
    node.restart();
    const options = { "state-dir": "/nonexistent", json: false, logs: [node.directory] };
    expect((await run(() => audit(["timeline"], options))).text).toMatch(
      /VI_7 +MASTER -> died +its last word: killed, or the machine\n.*INITIALIZE -> BACKUP/,
    );
    const { text } = await run(() => audit(["timeline"], { ...options, json: true }));
    expect((JSON.parse(text) as { deaths: unknown }).deaths).toMatchObject([{ node: "r1", from: "master" }]);
    const history = await run(() => historyOfAll(undefined, options));
    expect(history.text.split("\n")[1]).toMatch(/^VI_7 +r1 .* died$/);
    expect(history.text).not.toContain("lasts");
    // It had no neighbour who could have noticed; its next daemon did.
    expect((await run(() => audit(["report"], options))).text).toContain("r1: 1 of 1 losses that nobody planned");
    const why = await run(() => explainAcross(undefined, { ...options, node: "r1" }));
    expect(why.text).toContain("Root cause");
    const nobody = await run(() => explainAcross(undefined, { ...options, node: "r9" }));
    expect(nobody).toEqual({ code: EXIT.refused, text: `${node.directory} tells of no such transition` });
  });

  test("verify ends with 0, 20 for a changed byte and for a line that was taken out, 22 for a beginning that is gone", async () => {
    const home = directory();
    const node = createNode({ name: "r1", directory: home, segmentBytes: 8_000 });
    node.happen(120);
    node.close();
    const file = (n: number): string => join(home, "log", `0000000${n}.jsonl`);
    const verdict = () => run(() => audit(["verify"], { ...COMMON, logs: [home] }));
    expect((await verdict()).code).toBe(EXIT.ok);
    const text = readFileSync(file(2), "utf8");
    writeFileSync(file(2), text.replace('"type":"linkChanged"', '"type":"linkchanged"'));
    const tampered = await verdict();
    expect(tampered.code).toBe(EXIT.tampered);
    expect(tampered.text).toMatch(/#\d+: the line is not the one its hash was taken of/);
    const lines = text.split("\n");
    writeFileSync(file(2), [...lines.slice(0, 3), ...lines.slice(4)].join("\n"));
    expect((await verdict()).code).toBe(EXIT.tampered);
    writeFileSync(file(2), text);
    writeFileSync(file(1), "");
    expect((await verdict()).code).toBe(EXIT.unknown);
  });

  test("a machine that was installed anew is one node with two epochs", async () => {
    const [old, fresh] = [directory(), directory()];
    const before = createNode({ name: "r1", directory: old });
    before.happen(50);
    const after = createNode({ name: "r1", directory: fresh, ahead: 3_600_000 });
    after.happen(50);
    const found = await accountsOf(openLogs([old, fresh]), null, Number.POSITIVE_INFINITY);
    expect(found.map(({ node }) => node)).toEqual(["r1"]);
    const [one] = found;
    expect(one?.known.length).toBe(2);
    const [vr] = reportOn(found, before.wall() - 1_000, after.wall(), []).vrs;
    // An hour, nearly, of which nobody knows anything.
    expect(vr?.unknownMs).toBeGreaterThan(3_000_000);
  });
});
