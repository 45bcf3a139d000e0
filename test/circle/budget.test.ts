// What a routine turn may cost, counted and not timed: calls to the kernel, and bytes on the heap. A turn that
// looks at all of 250 routers, or asks for more than one packet, shows up here on any machine.

import { memoryUsage } from "node:process";
import { Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import { alarm } from "../../agent/alarm.ts";
import type { Event } from "../../agent/core/event.ts";
import { violations } from "../../agent/core/invariants.ts";
import { initialState, type Turn } from "../../agent/core/state.ts";
import { type Instant, instantAt, milliseconds } from "../../agent/core/time.ts";
import { perform } from "../../agent/effects/perform.ts";
import type { Kernel } from "../../agent/kernel.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { run } from "../../agent/run.ts";
import { createSequences } from "../../agent/wire/ah.ts";
import { router } from "../log/history.ts";
import { memoryStore } from "../log/memory-store.ts";
import { configOf } from "./scene.ts";

const INSTANCES = 250;
const INTERVAL = milliseconds(100);
const SOURCE = "192.0.2.1";

type Calls = { sendPacket: number; setAlarm: number; drain: number; now: number };

/** A kernel that counts and does nothing; `ring` lets time go to the alarm, and rings. */
function countingKernel() {
  const calls: Calls = { sendPacket: 0, setAlarm: 0, drain: 0, now: 0 };
  let time = instantAt(0);
  let alarmAt: Instant | null = null;
  let told = (): void => {};
  const done = { ok: true } as const;
  const kernel = {
    interfaces: new Map(),
    now: () => {
      calls.now += 1;
      return time;
    },
    sendPacket: () => {
      calls.sendPacket += 1;
      return done;
    },
    sendFrame: () => done,
    sendFrames: () => [done],
    addAddresses: (addresses: readonly unknown[]) => addresses.map(() => done),
    removeAddresses: (addresses: readonly unknown[]) => addresses.map(() => done),
    drain: () => {
      calls.drain += 1;
    },
    setAlarm: (at: Instant | null, ring: () => void) => {
      calls.setAlarm += 1;
      alarmAt = at;
      told = ring;
    },
  } as unknown as Kernel;
  const ring = (): void => {
    time = instantAt(Math.max(time, alarmAt ?? 0));
    told();
  };
  return { kernel, calls, ring };
}

/** 250 Masters, each 0.4 ms after the other, so that no two advertise in one ring. */
function masters() {
  const { kernel, calls, ring } = countingKernel();
  const turns = { all: 0, sent: 0, wrong: 0 };
  let say: (event: Event) => void = () => {};
  const routers = Array.from({ length: INSTANCES }, (_, i) =>
    router("eth0", "ipv4", i + 1, { version: 3, adverInterval: INTERVAL, basePriority: 100 }),
  );
  const log = openEventLog(memoryStore(), { version: "", cluster: "", boot: "" }, () => 0, initialState, instantAt(0));
  const performer = perform(
    kernel,
    createSequences(() => 0),
    () => {},
  );
  const stage = () =>
    new Observable<Event>((subscriber) => {
      say = (event) => subscriber.next(event);
    });
  const onTurn = (turn: Turn): void => {
    turns.all += 1;
    turns.wrong += violations(turn).length;
  };
  run(initialState, [performer.drive, alarm(kernel), stage], kernel.now, log).subscribe(onTurn);
  const config = configOf(...routers);
  const at = instantAt(0);
  say({ at, seen: { type: "configured", config } });
  say({ at, seen: { type: "linkChanged", link: { name: "eth0", index: 1, up: true } } });
  say({ at, seen: { type: "addressesChanged", interface: "eth0", added: [SOURCE as never], removed: [] } });
  say({ at, seen: { type: "commanded", command: { type: "startup" } } });
  // Each of them hears a Master once, 0.4 ms after the one before: that is how far apart they take over.
  for (const [i, { key, vrid }] of routers.entries()) {
    const advert = { version: 3, vrid, priority: 200, maxAdverInterval: INTERVAL, addresses: [], checksum: "plain" };
    const seen = { type: "advertReceived", router: key, advert: { ...advert, source: "192.0.2.2" } };
    say({ at: instantAt(i * 400), seen } as unknown as Event);
  }
  // Everybody takes over, and has advertised a few times.
  for (let rings = 0; calls.sendPacket < INSTANCES * 5; rings++) {
    if (rings > INSTANCES * 20) throw new Error("nobody advertises");
    ring();
  }
  return { calls, ring, turns };
}

describe("the budget of a routine turn, with 250 Masters", () => {
  it("is one packet, and a third of a waking, with one look at the sockets", () => {
    const { calls, ring, turns } = masters();
    const before = { ...calls };
    const rings = INSTANCES * 2;
    for (let i = 0; i < rings; i++) ring();
    const spent = (key: keyof Calls): number => calls[key] - before[key];
    // A hundredth of 100 ms is 1 ms: what is due after 0, 0.4 and 0.8 ms is served by one waking, as 1.2 is too late.
    expect(spent("sendPacket")).toBe(3 * rings);
    expect(spent("drain")).toBe(rings);
    expect(spent("setAlarm")).toBe(rings);
    // Of each waking: how late it was, and what time is believed after the sockets were read. Of each turn: when it is.
    expect(spent("now")).toBe((2 + 3) * rings);
    expect(turns.wrong).toBe(0);
  });

  it("is not more on the heap than the list of the routers and a few small objects", () => {
    const { calls, ring } = masters();
    // A collection in the middle makes a batch look cheaper, and a compilation dearer: the middle of many tells.
    const costs = Array.from({ length: 31 }, () => {
      const [before, sent] = [memoryUsage().heapUsed, calls.sendPacket];
      for (let i = 0; i < INSTANCES; i++) ring();
      return (memoryUsage().heapUsed - before) / (calls.sendPacket - sent);
    });
    const middle = costs.filter((cost) => cost > 0).toSorted((a, b) => a - b);
    // 250 references of 8 bytes, and some 2 KiB for event, turn, state, router, phase, effect and what is due. A new
    // state of every router would be 250 times 200 bytes.
    expect(middle[middle.length >> 1]).toBeLessThan(INSTANCES * 8 + 3 * 1_024);
  });
});
