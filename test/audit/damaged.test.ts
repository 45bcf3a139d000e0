// A log that somebody has damaged, shipped: what can be read of it is, and what cannot is owned up to.

import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { audit } from "../../agent/cli/audit.ts";
import { EXIT } from "../../agent/cli/refusal.ts";
import { genesis } from "../../agent/log/line.ts";
import { logDirectory } from "../../agent/log/recover.ts";
import { scratch } from "../log/scratch.ts";
import { run } from "./command.ts";
import { fakeRedis } from "./fake-redis.ts";
import { createNode, type Node } from "./lab.ts";
import { caughtUp, endShips, keyOf, ship, streamOf } from "./quick.ts";

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();

afterEach(async () => {
  await endShips();
  clear();
});

/** The same text, but for one byte in that line of a segment. */
function damage(file: string, line: number): void {
  const lines = readFileSync(file, "utf8").split("\n");
  lines[line] = (lines[line] ?? "").replace('{"seq"', '{"sEq"');
  writeFileSync(file, lines.join("\n"));
}

const segmentsOf = (node: Node): readonly string[] =>
  readdirSync(logDirectory(node.directory))
    .filter((name) => name.endsWith(".jsonl"))
    .sort()
    .map((name) => join(logDirectory(node.directory), name));

describe("a log with a flipped bit", () => {
  test("is shipped but for that line, which is owned up to: in the middle, and where a segment begins", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 8_000 });
    node.happen(200);
    const [, second = "", third = ""] = segmentsOf(node);
    const whole = node.written();
    damage(second, 2);
    damage(third, 0);
    const gone = whole.filter(({ id }) => !node.written().some((one) => one.id === id));
    expect(gone.length).toBe(2);
    const redis = fakeRedis(node.wall);
    const one = ship(node, redis);
    await caughtUp(node, one);
    expect(streamOf(redis, keyOf(node))).toEqual(whole.filter((line) => !gone.includes(line)));
    // What stands behind it still follows from it.
    const entries = redis.streams.get(keyOf(node))?.entries ?? [];
    for (const [i, { hash, prev }] of entries.entries())
      expect(prev).toBe(
        i === 0 ? genesis(node.epoch()) : whole[whole.findIndex((line) => line.hash === hash) - 1]?.hash,
      );
    expect(one.shipper.status().missed).toBe(2);
    expect(one.said).toEqual([
      expect.stringMatching(/^error: audit: 2 line\(s\) up to #\d+ are not in the log any more/),
    ]);
  });

  test("is no other history: where the Redis stands in a segment that lost its header, it goes on there", async () => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 1_000_000 });
    node.happen(50);
    node.restart();
    node.happen(50);
    const redis = fakeRedis(node.wall);
    await caughtUp(node, ship(node, redis));
    damage(segmentsOf(node).at(-1) ?? "", 0);
    redis.kill();
    node.happen(50);
    const again = ship(node, redis);
    await caughtUp(node, again);
    expect(again.shipper.status()).toMatchObject({ stream: keyOf(node), forks: 0, missed: 0 });
  });

  test.each([
    ["where the log begins", 0, 0],
    ["where a segment begins", 1, 0],
    ["in its last line", -1, -2],
  ])("is found by verify without a Redis: %s", async (_, segment, place) => {
    const node = createNode({ name: "r1", directory: directory(), segmentBytes: 8_000 });
    node.happen(100);
    const file = segmentsOf(node).at(segment) ?? "";
    const lines = readFileSync(file, "utf8").split("\n").length;
    damage(file, place < 0 ? lines + place : place);
    const found = await verify(node);
    expect(found.code, found.text).toBe(EXIT.tampered);
    expect(found.text).toMatch(/r1 \d{8}\.jsonl:\d+: cannot be read/);
  });
});

const verify = ({ directory: where }: Node) =>
  run(() => audit(["verify"], { "state-dir": "/nonexistent", json: false, logs: [where] }));

test("a log whose last line is on its way is whole", async () => {
  const node = createNode({ name: "r1", directory: directory() });
  node.happen(20);
  appendFileSync(segmentsOf(node).at(-1) ?? "", '{"seq":21,"at":');
  expect((await verify(node)).code).toBe(EXIT.ok);
});

test("a FIFO among the segments is refused, and nobody waits for it", async () => {
  const node = createNode({ name: "r1", directory: directory() });
  const fifo = join(logDirectory(node.directory), "00000002.jsonl");
  execFileSync("mkfifo", [fifo]);
  const refused = await verify(node);
  expect(refused).toEqual({ code: EXIT.unreachable, text: expect.stringContaining(`${fifo} is no file`) as string });
});
