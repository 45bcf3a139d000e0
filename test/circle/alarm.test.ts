// What the alarm does before a take-over: rehearse, and wait in naps, so that what is on its way still comes in time.

import { Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import { alarm } from "../../agent/alarm.ts";
import type { RouterConfig } from "../../agent/core/config.ts";
import type { Event } from "../../agent/core/event.ts";
import { initialState, type Turn } from "../../agent/core/state.ts";
import { after, type Duration, type Instant, instantAt, microseconds, milliseconds } from "../../agent/core/time.ts";
import { run } from "../../agent/run.ts";
import { router } from "../log/history.ts";
import { configOf } from "./scene.ts";

const TIMES = { version: 3, adverInterval: milliseconds(1_000) } as const;
const LINK = router("eth0", "ipv4", 1, { ...TIMES, basePriority: 100 });
/** Skew_Time = (256 - 100) * 1000 / 256 = 609.375 ms; Master_Down_Interval = 3 * 1000 + 609.375 ms, in whole µs. */
const DOWN = microseconds(3_609_375);
const BEGUN = instantAt(1_000_000);
const DUE = after(BEGUN, DOWN);

/** A Backup that has heard nobody, and a clock that moves when it is asked (10 µs) or somebody rests. */
function backup(onDrain: (now: Instant, say: (event: Event) => void) => void = () => {}, ...others: RouterConfig[]) {
  let time: Instant = BEGUN;
  let armed: { readonly at: Instant; readonly ring: () => void } | null = null;
  let say: (event: Event) => void = () => {};
  const done = {
    rehearsedAt: [] as Instant[],
    againAt: [] as Instant[],
    rests: [] as { readonly at: Instant; readonly span: Duration }[],
  };
  const turns: Turn[] = [];
  const kernel = {
    now: () => {
      time = after(time, microseconds(10));
      return time;
    },
    drain: () => onDrain(time, say),
    rest: (span: Duration) => {
      done.rests.push({ at: time, span });
      time = after(time, span);
    },
    setAlarm: (at: Instant | null, ring: () => void) => {
      armed = at === null ? null : { at, ring };
    },
  };
  const rehearsal = {
    whole: (): void => {
      done.rehearsedAt.push(time);
      time = after(time, milliseconds(1));
    },
    // The first time it takes longer.
    again: (): void => {
      done.againAt.push(time);
      time = after(time, microseconds(done.againAt.length === 1 ? 400 : 50));
    },
  };
  const stage = () =>
    new Observable<Event>((subscriber) => {
      say = (event) => subscriber.next(event);
    });
  const log = { commit: (turn: Turn, act?: (turn: Turn) => void) => act?.(turn) };
  run(initialState, [alarm(kernel, () => {}, rehearsal), stage], kernel.now, log).subscribe((turn) => turns.push(turn));
  const at = BEGUN;
  say({ at, seen: { type: "configured", config: configOf(LINK, ...others) } });
  say({ at, seen: { type: "linkChanged", link: { name: "eth0", index: 1, up: true } } });
  say({ at, seen: { type: "addressesChanged", interface: "eth0", added: ["192.0.2.1" as never], removed: [] } });
  say({ at, seen: { type: "commanded", command: { type: "startup" } } });
  const ring = (): Instant => {
    if (armed === null) throw new Error("no alarm is set");
    const { at: set, ring: told } = armed;
    time = set;
    told();
    return set;
  };
  const phase = (): string | undefined => turns.at(-1)?.state.routers[0]?.phase.name;
  return { done, ring, phase, turns };
}

describe("the alarm before a take-over", () => {
  it("rings 6 ms early, rehearses twice, naps, and spends the last 1.5 ms awake, with the turn in mind", () => {
    const { done, ring, phase, turns } = backup();
    expect(DUE - ring()).toBe(6_000);
    expect(phase()).toBe("master");
    expect(done.rehearsedAt).toHaveLength(2);
    expect(done.rests.length).toBeGreaterThan(10);
    const last = done.rests.at(-1);
    expect(DUE - (last?.at ?? DUE)).toBeGreaterThan(1_500);
    // After a nap of 100 µs, and two looks at the clock.
    expect(DUE - (last?.at ?? DUE) - (last?.span ?? 0)).toBeLessThanOrEqual(1_500);
    // The first takes 400 µs and each other one 50; none is begun that would end less than 100 µs before.
    expect(done.againAt.length).toBeGreaterThan(8);
    expect(DUE - (done.againAt.at(-1) ?? DUE)).toBeGreaterThan(50 + 100);
    // Never early, and not late: the event bears the time at which the deadline was believed to be reached.
    const at = turns.at(-1)?.event.at ?? BEGUN;
    expect(at).toBeGreaterThanOrEqual(DUE);
    expect(at - DUE).toBeLessThanOrEqual(20);
  });

  it("stays Backup when the Master is heard in the last millisecond", () => {
    let heard = false;
    const { ring, phase } = backup((now, say) => {
      if (heard || DUE - now > 1_000) return;
      heard = true;
      const advert = { version: 3, vrid: 1, priority: 200, maxAdverInterval: milliseconds(1_000), addresses: [] };
      const told = { ...advert, checksum: "plain", source: "192.0.2.2" };
      say({ at: now, seen: { type: "advertReceived", router: LINK.key, advert: told } } as unknown as Event);
    });
    ring();
    expect(heard).toBe(true);
    expect(phase()).toBe("backup");
  });

  it("rehearses for the first of several that take over one soon after the other", () => {
    // Skew_Time of 90 is (256 - 90) * 1000 / 256 = 648.4375 ms, of 80 687.5 ms: 39 and 78 ms after the first.
    const later = [90, 80].map((basePriority, i) => router("eth0", "ipv4", i + 2, { ...TIMES, basePriority }));
    const { done, ring, turns } = backup(() => {}, ...later);
    while (turns.at(-1)?.state.routers.some(({ phase }) => phase.name === "backup")) ring();
    expect(done.rehearsedAt).toHaveLength(2);
    expect(DUE - (done.rehearsedAt[1] ?? 0)).toBeGreaterThan(0);
  });
});
