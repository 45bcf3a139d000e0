// The long parts of a line are put into words in pieces: the same words as in one go.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import { initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { snapshotOf } from "../../agent/log/line.ts";
import { redactConfig } from "../../agent/log/redact.ts";
import { replay } from "../../agent/log/replay.ts";
import { createWords } from "../../agent/log/words.ts";
import { addressOf, optionsOf, ROUTER_OPTIONS, routerConfigOf } from "../stories/options.ts";
import { ALONE, history, live, wallClock } from "./history.ts";
import { EPOCH, memoryStore } from "./memory-store.ts";

const IDENTITY = { version: "1", cluster: "lab", boot: "b" };

describe("words of a state and of a configuration", () => {
  it("are what JSON makes of them in one go, prepared or not", () => {
    const words = createWords(EPOCH);
    let turns = 0;
    fc.assert(
      fc.property(history, (life) => {
        const log = openEventLog(memoryStore(), IDENTITY, () => 0, initialState, instantAt(0));
        live(life, log, wallClock(), {
          ...ALONE,
          onTurn: ({ state }) => {
            turns += 1;
            if (turns % 7 !== 0) return;
            const [first] = state.routers;
            if (turns % 2 === 0 && first !== undefined) words.prepare(first);
            expect(words.ofState(state)).toBe(JSON.stringify(snapshotOf(state)));
            expect(words.ofConfig(state.config)).toBe(JSON.stringify(redactConfig(state.config, EPOCH)));
          },
        });
      }),
      { numRuns: 20 },
    );
    expect(turns).toBeGreaterThan(100);
  });
});

describe("a page", () => {
  it("is turned a few routers at a time, and folding over it gives the live state", () => {
    const ROUTERS = 41;
    const base = routerConfigOf("VI", optionsOf(["priority=100", "interval=1s"], ROUTER_OPTIONS));
    const routers = Array.from({ length: ROUTERS }, (_, i) => ({
      ...base,
      name: `VI_${i}`,
      vrid: i + 1,
      key: `eth0/ipv4/${i + 1}` as typeof base.key,
    }));
    const config: AgentConfig = { ...usualAgent, routerId: "many", routers };
    const store = memoryStore();
    const log = openEventLog(store, IDENTITY, () => 1_000, initialState, instantAt(0), 150_000);
    let state = initialState;
    /** Lines that each turn wrote. */
    const written: number[] = [];
    const commit = (at: number, seen: Parameters<typeof step>[1]["seen"]): void => {
      const before = log.head();
      const turn = step(state, { at: instantAt(at), seen });
      state = turn.state;
      log.commit(turn);
      written.push(log.head() - before);
    };
    commit(1, { type: "configured", config });
    commit(2, { type: "linkChanged", link: { name: "eth0", index: 2, up: true } });
    commit(3, { type: "addressesChanged", interface: "eth0", added: [addressOf("10.0.0.2")], removed: [] });
    commit(4, { type: "commanded", command: { type: "startup" } });
    for (let n = 0; n < 12_000; n++) {
      const router = routers[n % ROUTERS];
      if (router === undefined) throw new Error("no such router");
      const source = addressOf("10.0.0.1");
      const { vrid, key } = router;
      const advert = {
        version: 3,
        vrid,
        priority: 150,
        maxAdverInterval: config.routers[0]?.adverInterval ?? base.adverInterval,
        source,
        addresses: [],
        checksum: "plain",
      } as const;
      commit(1_000 + n * 25_000, { type: "advertReceived", router: key, advert });
    }
    log.snapshot(state, instantAt(400_000_000));
    const lines = store.lines.map(({ line }) => line);
    expect(lines.filter(({ type }) => type === "header").length).toBeGreaterThan(2);
    const { divergences, state: folded } = replay(lines);
    expect(divergences).toEqual([]);
    expect(snapshotOf(folded)).toEqual(snapshotOf(state));
    // All 41 windows in one turn would be 41 lines: of a slice of four, and of what was heard since, it is a dozen.
    expect(Math.max(...written.slice(100))).toBeLessThanOrEqual(20);
  });
});
