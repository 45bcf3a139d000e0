// The circle over a fake kernel: what is heard before what is due, what is written before what is
// done, and in which order what is done.

import { EMPTY, NEVER, Observable, of, throwError } from "rxjs";
import { describe, expect, it, vi } from "vitest";
import type { Observation } from "../../agent/core/event.ts";
import { routerOf, type Turn } from "../../agent/core/state.ts";
import { after, type Duration, type Instant, instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { replay } from "../../agent/log/replay.ts";
import { fakeKernel } from "../../agent/rehearse/fake-kernel.ts";
import { fakeLan } from "../../agent/rehearse/fake-lan.ts";
import { virtualTime } from "../../agent/rehearse/virtual-time.ts";
import type { Driver } from "../../agent/run.ts";
import { ip, router } from "../log/history.ts";
import { startAgent } from "./agent.ts";
import { configOf, DOWN, expectRemembered, kindsOf, ONE, OWN, packets, phaseOf, scene } from "./scene.ts";

describe("input before time", () => {
  it("an advertisement that waits in the socket when the alarm rings prevents the takeover", () => {
    const set = scene();
    const { time, kernel, say } = set;
    time.advanceTo(instantAt(1_000_000));
    say(200);
    time.advanceTo(instantAt(1_000_001));
    // Heard at 1 s: due at 4.609375 s. Frozen from 4 s to 6 s; the Master says it again at 4.5 s.
    time.advanceTo(instantAt(4_000_000));
    kernel.freeze(instantAt(6_000_000));
    time.at(instantAt(4_500_000), () => say(200));
    time.advanceTo(instantAt(6_000_000));
    expect(phaseOf(set)).toBe("backup");
    expect(packets(kernel.deeds)).toEqual([]);
    // Master_Down_Timer runs from when it arrived: 4.5 s + 3.609375 s, not from when it was read.
    time.advanceTo(instantAt(4_500_000 + DOWN - 1));
    expect(phaseOf(set)).toBe("backup");
    time.advanceTo(instantAt(4_500_000 + DOWN));
    expect(phaseOf(set)).toBe("master");
    expectRemembered(set);
  });

  it("a stall without an advertisement is a takeover, at once", () => {
    const set = scene();
    set.kernel.freeze(instantAt(9_000_000));
    set.time.advanceTo(instantAt(8_999_999));
    expect(phaseOf(set)).toBe("backup");
    set.time.advanceTo(instantAt(9_000_000));
    expect(phaseOf(set)).toBe("master");
  });

  it("time does not go back by an old stamp, nor by a stamp older than what was seen", () => {
    const set = scene();
    const { time, kernel, say } = set;
    time.advanceTo(instantAt(1_000_000));
    kernel.freeze(instantAt(2_000_000));
    time.at(instantAt(1_200_000), () => say(200));
    time.at(instantAt(1_500_000), () => kernel.setUp("eth0", true));
    time.advanceTo(instantAt(3_000_000));
    const times = set.agent.turns.map(({ event }) => event.at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times).toContain(1_200_000);
  });
});

describe("the alarm", () => {
  it("takes over exactly when Master_Down_Timer expires, and advertises from deadline to deadline", () => {
    const set = scene();
    set.time.advanceTo(instantAt(DOWN + 3_500_000));
    expect(packets(set.kernel.deeds).map(({ at }) => at)).toEqual([0, 1, 2, 3].map((n) => DOWN + n * 1_000_000));
  });

  it("that rings early changes nothing and is set again", () => {
    const set = scene({}, (kernel) => {
      const exact = kernel.setAlarm;
      // 300 µs too early, every time, until less than that is left.
      Object.assign(kernel, {
        setAlarm: (at: Instant | null, ring: () => void) =>
          exact(at === null || at - kernel.now() <= 300 ? at : ((at - 300) as Instant), ring),
      });
    });
    set.time.advanceTo(instantAt(DOWN - 1));
    expect(phaseOf(set)).toBe("backup");
    set.time.advanceTo(instantAt(DOWN + 2_500_000));
    expect(packets(set.kernel.deeds).map(({ at }) => at)).toEqual([0, 1, 2].map((n) => DOWN + n * 1_000_000));
    // Nothing is written down for a ring that changed nothing.
    expect(
      set.agent.turns.filter(({ before, state, event }) => event.seen.type === "deadlineReached" && before === state),
    ).toEqual([]);
  });

  it("that rang for nothing, because its deadline moved away, rings again at the new one", () => {
    const set = scene();
    const { time, say } = set;
    for (let at = 1_000_000; at <= 20_000_000; at += 1_000_000) time.at(instantAt(at), () => say(150));
    time.advanceTo(instantAt(20_000_000 + DOWN - 1));
    expect(phaseOf(set)).toBe("backup");
    time.advanceTo(instantAt(20_000_000 + DOWN));
    expect(phaseOf(set)).toBe("master");
  });

  it("is not set anew for every advertisement", () => {
    let settings = 0;
    const set = scene({}, (kernel) => {
      const exact = kernel.setAlarm;
      Object.assign(kernel, {
        setAlarm: (at: Instant | null, ring: () => void) => {
          settings += 1;
          exact(at, ring);
        },
      });
    });
    // 600 adverts in 60 s; each Master_Down_Interval is 0.36 s: some 60 / 0.36 = 166 idle rings.
    const quick = router("eth0", "ipv4", 1, { version: 3, adverInterval: milliseconds(100) });
    set.agent.reload(configOf(quick));
    for (let i = 1; i <= 600; i++) set.time.at(instantAt(i * 100_000), () => set.say(150, quick));
    set.time.advanceTo(instantAt(60_000_000));
    expect(phaseOf(set)).toBe("backup");
    expect(settings).toBeLessThan(250);
  });

  it("rings for the longest overdue router first", () => {
    const slow = router("eth0", "ipv4", 2, { basePriority: 100 });
    const quick = router("eth0", "ipv4", 3, { basePriority: 200 });
    const set = scene({ config: configOf(slow, quick) });
    set.kernel.freeze(instantAt(10_000_000));
    set.time.advanceTo(instantAt(10_000_000));
    const taken = set.agent.turns.flatMap(({ event: { seen } }) =>
      seen.type === "deadlineReached" ? [seen.router] : [],
    );
    expect(taken).toEqual([quick.key, slow.key]);
  });

  it("stops with the circle", () => {
    const set = scene();
    set.agent.stop();
    set.time.advanceTo(instantAt(20_000_000));
    expect(set.kernel.deeds).toEqual([]);
  });
});

describe("the order of things", () => {
  it("is: on record, advertised, held, announced, and reported afterwards", () => {
    const order: string[] = [];
    const onCommit = ({ event: { seen }, effects }: Turn): void => {
      const what = seen.type === "effectDone" ? `${seen.effect} done` : seen.type;
      if (effects.length > 0 || seen.type === "effectDone") order.push(`written: ${what}`);
    };
    const set = scene({ onCommit });
    set.kernel.onDeed(({ type }) => order.push(type));
    set.time.advanceTo(instantAt(DOWN));
    expect(order).toEqual([
      "written: deadlineReached",
      "packet",
      "add",
      ...Array.from({ length: 5 }, () => "frame"),
      "written: addAddresses done",
      "written: announce done",
    ]);
    // The advertisement went out within the turn: at the very instant of the deadline.
    expect(set.kernel.deeds[0]).toMatchObject({ type: "packet", at: DOWN });
    expectRemembered(set);
  });

  it("says priority 0 before it lets go, and is done when it is idle", async () => {
    const set = scene();
    set.time.advanceTo(instantAt(DOWN + 100_000));
    const before = set.kernel.deeds.length;
    set.agent.shutdown();
    set.time.advance(milliseconds(1));
    await set.agent.idle();
    const end = set.kernel.deeds.slice(before);
    expect(kindsOf(end)).toEqual(["packet", "remove"]);
    // Byte 2 of the VRRP header, behind 20 bytes of IPv4: priority 0.
    expect(end[0]?.type === "packet" && end[0].bytes[22]).toBe(0);
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);
    expectRemembered(set);
  });
});

describe("drivers", () => {
  const at0 = (seen: Observation["type"]) => ({ seen: expect.objectContaining({ type: seen }) });

  it("that speak at once are heard by all", () => {
    const heard: string[] = [];
    const listener =
      (name: string): Driver =>
      (turns$) =>
        new Observable(() => turns$.subscribe(({ event }) => heard.push(`${name}: ${event.seen.type}`)));
    const loud: Driver = () => of({ type: "linkChanged", link: { name: "loud0", index: 9, up: true } });
    const set = scene({ first: [loud, listener("first")], last: [listener("last")], startup: false });
    expect(heard.slice(0, 2)).toEqual(["first: linkChanged", "last: linkChanged"]);
    expect(set.agent.turns[0]?.event).toMatchObject(at0("linkChanged"));
    expect(set.agent.state().links["loud0"]?.up).toBe(true);
  });

  it("that speak during a turn are heard after it, and by their order", () => {
    const order: string[] = [];
    const echo: Driver = (turns$) =>
      new Observable((subscriber) =>
        turns$.subscribe(({ event: { seen } }) => {
          order.push(`begins ${seen.type}`);
          if (seen.type === "commanded") {
            subscriber.next({ type: "linkChanged", link: { name: "one", index: 8, up: true } });
            subscriber.next({ type: "linkChanged", link: { name: "two", index: 9, up: true } });
          }
          order.push(`ends ${seen.type}`);
        }),
      );
    scene({ last: [echo] });
    expect(order.slice(-6)).toEqual([
      "begins commanded",
      "ends commanded",
      "begins linkChanged",
      "ends linkChanged",
      "begins linkChanged",
      "ends linkChanged",
    ]);
  });

  it("that fail end the circle with their error, and nothing is done any more", () => {
    const set = scene({ last: [() => throwError(() => new Error("deaf"))] });
    expect(set.agent.failure()).toEqual(new Error("deaf"));
    set.time.advanceTo(instantAt(20_000_000));
    expect(set.kernel.deeds).toEqual([]);
  });

  it("that end, or say nothing, end nothing", () => {
    const set = scene({ last: [() => EMPTY, () => NEVER] });
    set.time.advanceTo(instantAt(DOWN));
    expect(phaseOf(set)).toBe("master");
  });

  it("that cannot listen end the circle: a deaf router must not become Master", () => {
    const refused = { ok: false as const, errno: 1, error: "EPERM: no CAP_NET_RAW" };
    const set = scene({}, (kernel) => Object.assign(kernel, { listen: () => refused }));
    expect(String(set.agent.failure())).toMatch(/cannot listen for VRRP on eth0 \(ipv4\): EPERM/);
    set.time.advanceTo(instantAt(20_000_000));
    expect(set.kernel.deeds).toEqual([]);
  });

  it("whose exceptions are not swallowed, wherever they are thrown", () => {
    vi.useFakeTimers();
    try {
      const broken: Driver = (turns$) =>
        new Observable(() =>
          turns$.subscribe(({ event }) => {
            if (event.seen.type === "deadlineReached") throw new Error("a bug in a driver");
          }),
        );
      const set = scene({ last: [broken] });
      set.time.advanceTo(instantAt(DOWN));
      // RxJS throws it from a timer of its own; in the daemon that is an uncaught exception, and its end.
      expect(() => vi.runAllTimers()).toThrow("a bug in a driver");
    } finally {
      vi.useRealTimers();
    }
  });

  it("are obeyed by commands only while somebody listens", () => {
    const set = scene();
    set.agent.stop();
    expect(() => set.agent.shutdown()).toThrow(/nobody is listening/);
  });
});

describe("a reload", () => {
  it("listens where routers came, and no longer where they went", () => {
    const lan = { eth0: 0, eth1: 0 };
    const set = scene({}, (kernel) => {
      const { listen, unlisten } = kernel;
      Object.assign(kernel, {
        listen: (...[iface, family, listener]: Parameters<typeof listen>) => {
          lan[iface as keyof typeof lan] += 1;
          return listen(iface, family, listener);
        },
        unlisten: (...[iface, family]: Parameters<typeof unlisten>) => {
          lan[iface as keyof typeof lan] -= 1;
          unlisten(iface, family);
        },
      });
    });
    expect(lan).toEqual({ eth0: 1, eth1: 0 });
    set.agent.reload(configOf(router("eth1", "ipv4", 1)));
    expect(lan).toEqual({ eth0: 0, eth1: 1 });
    set.agent.reload(configOf(router("eth1", "ipv4", 1), router("eth1", "ipv4", 2), ONE));
    expect(lan).toEqual({ eth0: 1, eth1: 1 });
    set.agent.stop();
    expect(lan).toEqual({ eth0: 0, eth1: 0 });
  });

  it("lets a router that goes say its last words with the configuration it had", () => {
    const set = scene();
    set.time.advanceTo(instantAt(DOWN + 100_000));
    const before = set.kernel.deeds.length;
    set.agent.reload(configOf());
    set.time.advance(milliseconds(1));
    expect(kindsOf(set.kernel.deeds.slice(before))).toEqual(["packet", "remove"]);
    expect(set.kernel.truth("eth0").map(({ address }) => address)).toEqual([OWN]);
    expectRemembered(set);
  });
});

describe("two agents on one wire", () => {
  it("have one Master, hand over on shutdown, and both logs fold to what they were", () => {
    const time = virtualTime();
    const lan = fakeLan(time, () => milliseconds(1));
    const kernels = ["rt1", "rt2"].map((name, i) => {
      const kernel = fakeKernel(name, time);
      kernel.lay("eth0", lan);
      kernel.plant("eth0", ip(`10.0.0.${i + 1}`), 24);
      return kernel;
    });
    time.advance(0 as Duration);
    const agents = kernels.map((kernel, i) =>
      startAgent(kernel, { config: configOf({ ...ONE, basePriority: 100 + i }) }),
    );
    const phases = () => agents.map((agent) => routerOf(agent.state(), ONE.key)?.phase.name);
    time.advance(seconds(60));
    expect(phases()).toEqual(["backup", "master"]);
    agents[1]?.shutdown();
    const left = time.now();
    // Skew_Time of priority 100: 156/256 s = 0.609375 s after the advert with priority 0, which took 1 ms.
    time.advanceTo(after(left, (609_375 + 999) as Duration));
    expect(phases()).toEqual(["backup", "initialize"]);
    time.advance(1 as Duration);
    expect(phases()).toEqual(["master", "initialize"]);
    time.advance(seconds(10));
    const holders = kernels.filter((kernel) => kernel.truth("eth0").length > 1);
    expect(holders).toEqual([kernels[0]]);
    for (const agent of agents) {
      agent.log.snapshot(agent.state(), time.now());
      const replayed = replay(agent.store.lines.map(({ line }) => line));
      expect(replayed.divergences).toEqual([]);
      // 70 s of adverts are a few windows, not seventy lines.
      expect(agent.store.lines.length).toBeLessThan(45);
    }
  });
});
