// A transition explained: the root, the chain, the other side, and what would have been faster.

import { describe, expect, it } from "vitest";
import type { Run } from "../../agent/core/check.ts";
import { type Instant, instantAt, microseconds, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { advise } from "../../agent/explain/advice.ts";
import { editOf, forbidden } from "../../agent/explain/edit.ts";
import { explain } from "../../agent/explain/explanation.ts";
import { witnessed } from "../../agent/explain/observer.ts";
import { whyNot } from "../../agent/explain/why-not.ts";
import { good } from "../../checks/check.ts";
import { belief, check } from "../checks/ask.ts";
import { createLan, type Node, router } from "./two-nodes.ts";

const LAST = { vr: undefined, seq: null, until: null };
const UPLINK = { tracks: [{ check: "interface/eth1", weight: -60, reverse: false }] };

const lastOf = (node: Node) => {
  const found = witnessed(node.log().steps, () => true).at(-1);
  if (found === undefined) throw new Error(`${node.name} never changed`);
  return found;
};

/** hA with priority 150 and an uplink of weight -60, hB with 100; hA has become Master and been heard. */
function uplinkPair(weight = -60) {
  const lan = createLan();
  const hA = lan.node(
    "hA",
    "10.0.0.1",
    router("priority=150", { tracks: UPLINK.tracks.map((track) => ({ ...track, weight })) }),
  );
  const hB = lan.node("hB", "10.0.0.2", router("priority=100"));
  lan.pass(seconds(10));
  return { lan, hA, hB };
}

const uplink = (node: Node, up: boolean): void =>
  node.see({ type: "linkChanged", link: { name: "eth1", index: 2, up } });

describe("a check that fails on the Master", () => {
  it("is the root of the take-over on the other node, with every step between", () => {
    const { lan, hA, hB } = uplinkPair();
    lan.pass(milliseconds(400));
    uplink(hA, false);
    lan.pass(seconds(8));
    const told = explain(hB.log(), LAST, [hA.log()]);
    expect(told?.transition).toMatchObject({ from: "backup", to: "master", because: "master_weaker" });
    expect(told?.root).toMatchObject({ node: "hA", text: "priority 150 -> 90 (interface/eth1: up -> down)" });
    expect(told?.peer).toBe("hA");
    const texts = told?.chain.map(({ node, text }) => `${node} ${text}`);
    // 3 * 1 s + (256 - 100) / 256 s = 3.609375 s from the last that was accepted. hA told its fall at once,
    // and went on every second: 4 weaker ones within 3.609 s, the first of them 0.6 s after the last good one.
    expect(texts).toEqual([
      expect.stringMatching(
        /^hB \d+ advertisements of priority 150 from 10\.0\.0\.1 accepted: the timer was set to run out 3\.609375s later$/,
      ),
      "hA priority 150 -> 90 (interface/eth1: up -> down)",
      expect.stringMatching(
        /^hB \d advertisements of priority 90 from 10\.0\.0\.1: below our 100, so the timer ran on; its sender was alive$/,
      ),
      "hB Master_Down_Timer ran out, noticed at once",
      "hB BACKUP -> MASTER (master_weaker)",
    ]);
    expect(told?.notCause).toContain("link eth0 did not change in the minute before");
  });

  it("explains why the Master let go", () => {
    const { lan, hA, hB } = uplinkPair();
    uplink(hA, false);
    lan.pass(seconds(8));
    const told = explain(hA.log(), LAST, [hB.log()]);
    expect(told?.transition).toMatchObject({ from: "master", to: "backup", because: "peer_stronger" });
    expect(told?.root).toMatchObject({ node: "hA", text: "eth1 is down" });
    expect(told?.chain.map(({ text }) => text)).toContain("our priority went from 150 to 90");
    expect(told?.chain.map(({ text }) => text)).toContain("heard priority 100 from 10.0.0.2, ours was 90");
  });
});

describe("a check that is good again on the one that fell", () => {
  it("is the root of its return on both nodes, and is told once", () => {
    const { lan, hA, hB } = uplinkPair();
    uplink(hA, false);
    lan.pass(seconds(8));
    uplink(hA, true);
    lan.pass(seconds(8));
    for (const others of [[], [hB.log()]]) {
      const told = explain(hA.log(), LAST, others);
      expect(told?.transition).toMatchObject({ from: "backup", to: "master", because: "master_weaker" });
      // hB has become Master at 100 and stayed there: that hA was heard to fall is another story.
      expect(told?.root).toMatchObject({ node: "hA", text: "eth1 is up" });
      const texts = told?.chain.map(({ text }) => text);
      expect(texts).toContain("our priority went from 90 to 150");
      expect(texts?.filter((text) => /^priority/.test(text))).toEqual([]);
    }
    const lost = explain(hB.log(), LAST, [hA.log()]);
    expect(lost?.transition).toMatchObject({ from: "master", to: "backup", because: "peer_stronger" });
    expect(lost?.root).toMatchObject({ node: "hA", text: "eth1 is up" });
    const lines = lost?.chain.map(({ node, seq, text }) => `${node} ${seq} ${text}`) ?? [];
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.filter((line) => /priority (went from )?90 (to|->) 150/.test(line))).toHaveLength(1);
    // A clock that is 300 ms ahead makes nothing its own consequence.
    const ahead = { ...hA.log(), wallOf: (at: Instant) => hA.log().wallOf(at) + 300 };
    const skewed = explain(hB.log(), LAST, [ahead]);
    expect(skewed?.chain.map(({ node, text }) => `${node} ${text.slice(0, 20)}`).slice(-4)).toEqual([
      "hA Master_Down_Timer ra",
      "hA VI_1: BACKUP -> MAST",
      "hB heard priority 150 f",
      "hB MASTER -> BACKUP (pe",
    ]);
  });
});

describe("a Master that is held up", () => {
  it("is the root, from when on it said nothing, on both nodes", () => {
    const { lan, hA, hB } = uplinkPair();
    // An old fall and rise of hA have no part in it.
    uplink(hA, false);
    lan.pass(seconds(8));
    uplink(hA, true);
    lan.pass(seconds(28.5));
    // hA advertised at n s and x ms, and half a second later it stops. hB takes over 3.609375 s after its last one.
    hA.freeze(seconds(9));
    lan.pass(seconds(4));
    const late = /^heird was held up: the advertisement due now was not sent 8\d{3} ms later$/;
    expect(lastOf(hB).transition.because).toBe("master_silent");
    lan.pass(seconds(6));
    const first = (node: Node, because: string) => {
      const found = witnessed(node.log().steps, (one) => one.because === because).at(-1);
      if (found === undefined) throw new Error(`nothing was ${because} on ${node.name}`);
      return { ...LAST, seq: found.transition.seq };
    };
    const taken = explain(hB.log(), first(hB, "master_silent"), [hA.log()]);
    expect(taken?.root).toMatchObject({ node: "hA", text: expect.stringMatching(late) });
    expect(taken?.chain.filter(({ wall }) => wall > (taken?.transition.wall ?? 0))).toEqual([]);
    for (const others of [[], [hB.log()]]) {
      const left = explain(hA.log(), first(hA, "self_stall"), others);
      expect(left?.root).toMatchObject({ node: "hA", text: expect.stringMatching(late) });
    }
    lan.pass(seconds(10));
    const back = explain(hA.log(), first(hA, "master_weaker"), [hB.log()]);
    expect(back?.root).toMatchObject({ node: "hA", text: expect.stringMatching(late) });
    const lost = explain(hB.log(), first(hB, "peer_stronger"), [hA.log()]);
    expect(lost?.root).toMatchObject({ node: "hA", text: expect.stringMatching(late) });
  });
});

describe("a check that fails three times", () => {
  it("is told with each of them, also those that changed nothing", () => {
    const lan = createLan();
    const asked = check({ kind: "tcp", host: "192.0.2.1", port: 80, send: null, expect: [] });
    const counts = { rise: 1, fall: 3 };
    const tcp = { ...asked, name: "check/t", belief: belief({ master: counts, backup: counts }) };
    const tracks = [{ check: "check/t", weight: 0, reverse: false }];
    const hA = lan.checking("hA", "10.0.0.1", [tcp], router("priority=150", { tracks }));
    const says = (ok: boolean): void => {
      hA.see({ type: "checkReported", check: "check/t", run: { ...runOf({}), ok } });
      lan.pass(seconds(1));
    };
    for (let i = 0; i < 10; i++) says(true);
    for (let i = 0; i < 3; i++) says(false);
    const told = explain(hA.log(), LAST);
    expect(told?.transition).toMatchObject({ to: "fault", because: "check_fault" });
    expect(told?.chain.map(({ text }) => text)).toEqual([
      "check/t failed: good (took 0 ms)",
      "check/t failed once more, 0 ms at most",
      "check/t failed: good (took 0 ms)",
      "MASTER -> FAULT (check_fault)",
    ]);
  });
});

describe("a sync group that follows a member", () => {
  it("is told with what the neighbour did to that member", () => {
    const lan = createLan();
    const pair = (priority: number) => [
      router(`priority=${priority}`),
      router(`priority=${priority} vrid=2 address=10.0.0.101`, { name: "VI_2" }),
    ];
    const join = (node: Node): void => {
      const { config } = node.state();
      const groups = [{ name: "G", members: config.routers.map(({ key }) => key), hooks: usualHooks }];
      node.see({ type: "configured", config: { ...config, groups } });
    };
    const [hA, hB] = [lan.node("hA", "10.0.0.1", ...pair(150)), lan.node("hB", "10.0.0.2", ...pair(100))];
    join(hA);
    join(hB);
    lan.pass(seconds(10));
    hA.see({ type: "commanded", command: { type: "shutdown" } });
    lan.pass(seconds(5));
    const followed = witnessed(hB.log().steps, ({ because }) => because === "group_master").at(-1)?.transition;
    const told = explain(hB.log(), { ...LAST, vr: followed?.name }, [hA.log()]);
    expect(told?.transition.because).toBe("group_master");
    expect(told?.root).toMatchObject({ node: "hA", text: "shutdown" });
    expect(told?.peer).toBe("hA");
  });
});

describe("a number that a file says", () => {
  it("is the root with what it is, and not the one that it was before", () => {
    const lan = createLan();
    const tracked = { ...check({ kind: "file", path: "/n", init: null }), belief: belief({ verdict: "number" }) };
    const file = { ...tracked, name: "file/n" };
    const tracks = [{ check: "file/n", weight: 1, reverse: false }];
    const hA = lan.checking("hA", "10.0.0.1", [file], router("priority=150", { tracks }));
    const hB = lan.node("hB", "10.0.0.2", router("priority=100"));
    const says = (value: number): void =>
      hA.see({ type: "checkReported", check: "file/n", run: runOf({ value, detail: "a number" }) });
    says(0);
    lan.pass(seconds(20));
    says(-60);
    lan.pass(seconds(8));
    const root = { node: "hA", text: "file/n good: a number, -60 (took 0 ms)" };
    expect(explain(hB.log(), LAST, [hA.log()])?.root).toMatchObject(root);
    expect(explain(hA.log(), LAST)?.root).toMatchObject(root);
  });
});

const runOf = (said: Partial<Run>): Run => ({
  ...good("good", said),
  started: instantAt(0),
  queued: microseconds(0),
  took: microseconds(0),
  skipped: 0,
});

describe("a reload that lowers the priority of the Master", () => {
  it("is the root on both nodes", () => {
    const { lan, hA, hB } = uplinkPair();
    const { config } = hA.state();
    const routers = config.routers.map((one) => ({ ...one, basePriority: 80 }));
    hA.see({ type: "configured", config: { ...config, routers } });
    lan.pass(seconds(8));
    for (const [own, other] of [[hA, hB] as const, [hB, hA] as const]) {
      const told = explain(own.log(), LAST, [other.log()]);
      expect(told?.root, own.name).toMatchObject({ node: "hA", text: "configured with 1 instance(s)" });
    }
    // Without the other log, too.
    expect(explain(hA.log(), LAST)?.root?.text).toBe("configured with 1 instance(s)");
  });
});

describe("a hook that ends behind the next transition", () => {
  it("is what came of the transition that it tells of, and of no other", () => {
    const { lan, hB } = uplinkPair();
    const { key } = router("priority=100");
    hB.see({ type: "linkChanged", link: { name: "eth0", index: 2, up: false } });
    const fault = lastOf(hB).transition;
    lan.pass(seconds(1));
    hB.see({ type: "linkChanged", link: { name: "eth0", index: 2, up: true } });
    const backup = lastOf(hB).transition;
    expect([fault.to, backup.to]).toEqual(["fault", "backup"]);
    const usual = { type: "hookEnded", hook: "notify", router: key, attempt: 1, final: true, output: "" } as const;
    const ended = { ...usual, outcome: "done", detail: "exit 0", queued: milliseconds(0) } as const;
    // The hook of FAULT takes two seconds, and the one of BACKUP waits for it: 1 s of the two, and then 3 s of its own.
    lan.pass(seconds(1));
    hB.see({ ...ended, event: `life/${fault.at}/FAULT/eth0/ipv4/1`, took: seconds(2) });
    lan.pass(seconds(3));
    hB.see({ ...ended, event: `life/${backup.at}/BACKUP/eth0/ipv4/1`, queued: seconds(1), took: seconds(3) });
    for (const [{ seq }, ms] of [[fault, 2_000] as const, [backup, 4_000] as const]) {
      const told = explain(hB.log(), { ...LAST, seq });
      expect(told?.outcomes.map((one) => one.ms)).toEqual([ms]);
      expect(told?.spent.find(({ what }) => what === "hooks")?.ms).toBe(ms);
    }
  });
});

describe("a Master that dies", () => {
  it("is told from its silence, and from the end of its log", () => {
    const { lan, hA, hB } = uplinkPair();
    hA.die();
    lan.pass(seconds(5));
    const alone = explain(hB.log(), LAST);
    expect(alone?.transition.because).toBe("master_silent");
    expect(alone?.root?.text).toMatch(/^\d+ advertisements of priority 150 from 10\.0\.0\.1 accepted/);
    const both = explain(hB.log(), LAST, [hA.log()]);
    expect(both?.chain.some(({ node, text }) => node === "hA" && /its log ends here/.test(text))).toBe(true);
  });

  it("is told apart from one whose advertisements the network lost", () => {
    const { lan, hA, hB } = uplinkPair();
    const key = router("priority=100").key;
    // hB hears nothing more, while hA goes on.
    hB.see({
      type: "advertDropped",
      router: key,
      interface: "eth0",
      source: "10.0.0.1" as never,
      reason: "ttl",
      detail: "",
      count: 1,
    });
    const deaf = createLan();
    const lonely = deaf.node("hB", "10.0.0.2", router("priority=100"));
    deaf.pass(seconds(5));
    expect(explain(lonely.log(), LAST, [hA.log()])?.root?.text).toBe("startup");
    lan.pass(seconds(1));
  });
});

describe("a Master that is shut down", () => {
  it("is the root, by command, of a take-over after Skew_Time", () => {
    const { lan, hA, hB } = uplinkPair();
    hA.see({ type: "commanded", command: { type: "shutdown" } });
    lan.pass(seconds(2));
    const told = explain(hB.log(), LAST, [hA.log()]);
    expect(told?.transition.because).toBe("master_resigned");
    expect(told?.root).toMatchObject({ node: "hA", text: "shutdown" });
    // (256 - 100) / 256 s = 0.609375 s and 0.2 ms of flight.
    const spent = told?.spent.find(({ what }) => what === "detect")?.ms ?? 0;
    expect(spent).toBeCloseTo(609.575, 1);
  });
});

describe("what would have been faster", () => {
  it("is found by folding again: two adverts instead of three save one interval", () => {
    const { lan, hA, hB } = uplinkPair();
    hA.die();
    lan.pass(seconds(5));
    const log = hB.log();
    const advice = advise(log.steps, lastOf(hB), log.wallOf);
    const saved = (edit: string): number | undefined => advice.find((one) => one.edit === edit)?.savedMs;
    expect(saved("down_timer_adverts 2")).toBeCloseTo(1_000, 0);
    // At 0.2 s: 3 * 0.2 + 156/256 * 0.2 = 0.721875 s instead of 3.609375 s: 2.8875 s earlier.
    expect(saved("advert_int 0.2")).toBeCloseTo(2_887.5, 0);
  });

  it("says nothing of an edit that changes nothing, and refuses words that are none", () => {
    const { lan, hA, hB } = uplinkPair();
    hA.see({ type: "commanded", command: { type: "shutdown" } });
    lan.pass(seconds(2));
    const log = hB.log();
    expect(advise(log.steps, lastOf(hB), log.wallOf).map(({ edit }) => edit)).not.toContain("down_timer_adverts 2");
    expect(editOf("advert_int")).toBe("advert_int wants a number in 0.01..255");
    expect(editOf("fall chk 0")).toBe("fall wants the name of a check and a number in 1..1000");
    const v2 = { ...router("priority=100"), version: 2 as const };
    const fast = editOf("advert_int 0.2");
    // RFC 3768 §5.3.7: Adver Int is in seconds.
    expect(typeof fast === "string" ? fast : forbidden({ ...usualAgent, routers: [v2] }, fast, undefined)).toMatch(
      /^VI_1 speaks VRRPv2, whose packets carry whole seconds only/,
    );
    const heavier = editOf("weight uplink -60");
    const tracked = { ...usualAgent, routers: [v2, { ...v2, ...UPLINK, name: "VI_2" }] };
    const says = (name: string) => {
      const edit = editOf(`fall ${name} 3`);
      return typeof edit === "string" ? edit : forbidden(tracked, edit, undefined);
    };
    // One that tracks it is enough; and of what nobody tracks nothing would change, which is no answer.
    expect(says("eth1")).toBeNull();
    expect(says("eth7")).toBe("VI_1, VI_2: eth7 is not tracked; tracked are interface/eth1");
    expect(
      typeof heavier === "string" ? heavier : forbidden({ ...usualAgent, routers: [v2] }, heavier, undefined),
    ).toBe("VI_1: uplink is not tracked; nothing is tracked");
    expect(editOf("speed 3")).toMatch(/^"speed" is none of advert_int, /);
  });
});

describe("why-not", () => {
  const answer = (node: Node, at: number) => {
    const [first] = node.state().routers;
    if (first === undefined) throw new Error("no router");
    return whyNot(node.state(), first, at as never);
  };

  it("names the Master, and the least priority that would do", () => {
    const { lan, hB } = uplinkPair();
    const { because, enough } = answer(hB, lan.now());
    expect(because).toEqual(["10.0.0.1 with priority 150 is Master, and its own priority is 100"]);
    // 151 is above 150; 150 is a tie, which a Backup does not break.
    expect(enough).toEqual(["priority 151 instead of 100", "10.0.0.1 falls silent, or resigns"]);
  });

  it("names the check that takes the priority away", () => {
    const { lan, hA } = uplinkPair();
    uplink(hA, false);
    lan.pass(seconds(8));
    const { because, enough } = answer(hA, lan.now());
    expect(because).toEqual([
      "10.0.0.2 with priority 100 is Master, and its own priority is 90 (150 configured, interface/eth1 -60)",
    ]);
    expect(enough[0]).toBe("interface/eth1 becomes up");
  });

  it("names what holds it in FAULT", () => {
    const { lan, hA } = uplinkPair(0);
    uplink(hA, false);
    lan.pass(seconds(1));
    expect(answer(hA, lan.now())).toMatchObject({
      phase: "fault",
      because: ["interface/eth1 is bad, and its weight is 0"],
    });
  });

  it("has nothing to say of a Master", () => {
    const { lan, hA } = uplinkPair();
    expect(answer(hA, lan.now())).toMatchObject({ phase: "master", because: [], enough: [] });
  });
});
