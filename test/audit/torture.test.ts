// Whatever happens to the Redis and to the nodes: at the end each stream is its node's log.
//
// HEIRD_TORTURE=100000 for the whole of it.

import { afterAll, expect, test } from "vitest";
import { scratch } from "../log/scratch.ts";
import { skipBecause } from "../netns/requirements.ts";
import { whyNoRedis } from "./redis-server.ts";
import { torture } from "./torture.ts";

const { directory, clear } = scratch();
afterAll(clear);

const EVENTS = Number(process.env["HEIRD_TORTURE"] ?? 4_000);

test.skipIf(skipBecause("the torture of a real Redis", whyNoRedis()))(
  "five nodes and a Redis that is killed, emptied, rolled back, stopped and filled up",
  async () => {
    const done = await torture({ events: EVENTS, nodes: 5, rounds: Math.max(16, EVENTS / 1_000), seed: 11, directory });
    expect(done.wrong).toEqual([]);
    expect(done.forks).toBe(0);
    expect(done.resyncs).toBeGreaterThan(0);
    expect(Object.keys(done.faults).length).toBe(8);
    expect(done.lines).toBeGreaterThanOrEqual(EVENTS);
  },
  600_000,
);
