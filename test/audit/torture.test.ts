// Whatever happens to the Redis and to the nodes: at the end each stream is its node's log.
//
// HEIRD_TORTURE=100000 for the whole of it, with HEIRD_SEED another one; it tells its table. What Sentinel does is
// in where.test.ts, too, as it takes its time.

import { afterAll, expect, test } from "vitest";
import { scratch } from "../log/scratch.ts";
import { tell } from "../netns/figures.ts";
import { skipBecause } from "../netns/requirements.ts";
import { whyNoRedis } from "./redis-server.ts";
import { torture } from "./torture.ts";

const { directory, clear } = scratch();
afterAll(clear);

const WHOLE = process.env["HEIRD_TORTURE"];
const EVENTS = Number(WHOLE ?? 4_000);
const SEED = Number(process.env["HEIRD_SEED"] ?? 11);
const DEMOTIONS = WHOLE === undefined ? 0 : 4;

test.skipIf(skipBecause("the torture of a real Redis", whyNoRedis()))(
  "five nodes and a Redis that is killed, emptied, rolled back, stopped and filled up",
  async () => {
    const rounds = Math.max(16, EVENTS / 1_000);
    const done = await torture({ events: EVENTS, nodes: 5, rounds, demotions: DEMOTIONS, seed: SEED, directory });
    if (WHOLE !== undefined) tell(JSON.stringify(done));
    expect(done.wrong).toEqual([]);
    expect(done.forks).toBe(0);
    expect(done.resyncs).toBeGreaterThan(0);
    expect(Object.keys(done.faults).length).toBe(WHOLE === undefined ? 8 : 9);
    expect(done.lines).toBeGreaterThanOrEqual(EVENTS);
  },
  600_000,
);
