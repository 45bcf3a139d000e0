// Clocks that are set: what a node wrote has its place on the clock of the Redis all the same.

import { afterEach, describe, expect, test, vi } from "vitest";
import { type NodeAccount, openAccount } from "../../agent/audit/accounts.ts";
import { logKey } from "../../agent/audit/keys.ts";
import { openOutbox } from "../../agent/audit/outbox.ts";
import { createShipper } from "../../agent/audit/shipper.ts";
import { itemOf, type Mark } from "../../agent/audit/source.ts";
import { accountsOf, openLogs } from "../../agent/cli/audit-source.ts";
import { scratch } from "../log/scratch.ts";
import { type FakeRedis, fakeRedis } from "./fake-redis.ts";
import { createNode, type Node, START, writtenIn } from "./lab.ts";

// How long it takes is not what is tested, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const { directory, clear } = scratch();
afterEach(clear);

const DAY = 86_400_000;

/** What the time really is for a node whose clock was never set. */
const truth = (node: Node): number => START + node.clock();

/** Ships until the Redis has everything. */
async function shipAll(node: Node, redis: FakeRedis): Promise<void> {
  const shipper = createShipper(
    { cluster: "lab", node: node.name },
    {
      outbox: openOutbox(node.directory),
      connect: redis.connect,
      wall: node.wall,
      now: node.clock,
      boot: node.boot(),
      random: () => 0.5,
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      kernelClock: () => ({ sync: true, errUs: 500 }),
      tell: () => undefined,
    },
  );
  shipper.pulse(node.head(), node.wall());
  const over = shipper.run();
  while (shipper.status().shipped < node.head() || redis.marks.size === 0)
    await new Promise((resolve) => setImmediate(resolve));
  shipper.stop();
  await over;
}

const entriesOf = (node: Node, redis: FakeRedis) => {
  const key = logKey("lab", { node: node.name, epoch: node.epoch(), fork: 0 });
  return (redis.streams.get(key)?.entries ?? []).flatMap(({ entry }) => entry ?? []);
};

function accountIn(node: Node, redis: FakeRedis): NodeAccount {
  const account = openAccount(node.name);
  for (const entry of entriesOf(node, redis))
    account.look(itemOf({ node: node.name, epoch: node.epoch(), fork: 0 }, entry));
  return account.close(JSON.parse([...redis.marks.values()][0] ?? "null") as Mark);
}

/** The times of the changes on the clock that nobody sets, as the log has them. */
const really = (node: Node): readonly number[] =>
  writtenIn(node.directory).flatMap(({ body }) =>
    body.includes('"mark":1') ? [START + Number(/"at":(\d+)/.exec(body)?.[1]) / 1_000] : [],
  );

describe("a clock that leaps a day ahead, and is set back", () => {
  for (const when of ["as it happens", "a day later, all at once"] as const)
    test(`shipped ${when}, has every change where it was, and ids that never go back`, async () => {
      const node = createNode({ name: "r1", directory: directory() });
      const redis = fakeRedis(() => truth(node));
      for (const leap of [0, DAY, -DAY, -DAY, DAY]) {
        node.leap(leap);
        node.happen(60);
        if (when === "as it happens") await shipAll(node, redis);
      }
      await shipAll(node, redis);
      const ids = entriesOf(node, redis);
      expect(ids.map(({ hlc, seq }) => `${hlc}-${seq}`)).toEqual(node.written().map(({ id }) => id));
      for (const [i, { hlc }] of ids.entries()) expect(hlc).toBeGreaterThanOrEqual(ids[i - 1]?.hlc ?? 0);
      const { changes, known } = accountIn(node, redis);
      const wanted = really(node);
      expect(changes.length).toBe(wanted.length);
      expect(changes.length).toBeGreaterThan(20);
      // A line bears whole milliseconds.
      const wrong = changes.filter(({ at, err }, i) => !(Math.abs(at - (wanted[i] ?? 0)) <= 1 + (err ?? 0)));
      expect(wrong).toEqual([]);
      expect(changes.every(({ err }) => err !== null)).toBe(true);
      expect(Math.max(...known.map(({ to }) => to))).toBeLessThanOrEqual(truth(node) + 2);
    });

  test("without a Redis, what was written after it was set back has the time that it says then", async () => {
    const node = createNode({ name: "r1", directory: directory() });
    const begun = really(node).length;
    node.leap(DAY);
    node.happen(60);
    const before = really(node).length;
    node.leap(-DAY);
    node.happen(60);
    const [account] = await accountsOf(openLogs([node.directory]), null, Number.POSITIVE_INFINITY);
    const times = account?.changes.map(({ at }) => at) ?? [];
    const wanted = really(node).map((at, i) => (i >= begun && i < before ? at + DAY : at));
    for (const [i, at] of times.entries()) expect(Math.abs(at - (wanted[i] ?? 0))).toBeLessThanOrEqual(1);
    expect(times.length).toBe(wanted.length);
    expect(times.length).toBeGreaterThan(before);
  });
});

test("a machine that begins in 1970 goes on behind what it wrote", async () => {
  const node = createNode({ name: "r1", directory: directory() });
  node.happen(40);
  const last = node.written().at(-1)?.id.split("-")[0];
  node.leap(-START);
  node.restart();
  node.happen(40);
  const redis = fakeRedis(() => truth(node));
  await shipAll(node, redis);
  const later = entriesOf(node, redis).slice(-20);
  expect(new Set(later.map(({ hlc }) => String(hlc)))).toEqual(new Set([last]));
  const { changes } = accountIn(node, redis);
  expect(Math.abs((changes.at(-1)?.at ?? 0) - (really(node).at(-1) ?? 0))).toBeLessThanOrEqual(2);
});
