// What a plan says, and that the reload does it: both are one fold.

import { describe, expect, test } from "vitest";
import { planText } from "../../agent/cli/plan-text.ts";
import { parseAddress } from "../../agent/core/address.ts";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Advertisement, Observation } from "../../agent/core/event.ts";
import { foresee } from "../../agent/core/foresee.ts";
import { type AgentState, initialState, nextDeadline } from "../../agent/core/state.ts";
import { type Instant, instantAt, seconds } from "../../agent/core/time.ts";
import { type InstancePlan, type Plan, planOf, whatChanges } from "../../agent/operate/plan.ts";
import { loadText } from "../config/memory.ts";

const config = (text: string): AgentConfig => {
  const loaded = loadText(text);
  if (loaded.config === null) throw new Error(loaded.diagnostics.map(({ message }) => message).join("\n"));
  return loaded.config;
};

type Options = { readonly vrid?: number; readonly lines?: readonly string[]; readonly addresses?: readonly string[] };

const instance = (
  name: string,
  priority: number,
  { vrid = 1, lines = [], addresses = ["10.0.0.100/24"] }: Options = {},
) =>
  [
    `vrrp_instance ${name} {`,
    "interface eth0",
    `virtual_router_id ${vrid}`,
    `priority ${priority}`,
    ...lines,
    "virtual_ipaddress {",
    ...addresses,
    "}",
    "}",
    "",
  ].join("\n");

const address = (text: string) => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

const AT = instantAt(10_000_000);

/** A daemon that has run this for ten seconds; `others` speak at the end of them. */
function running(text: string, phase: "master" | "backup", others: readonly Partial<Advertisement>[] = []): AgentState {
  let state = initialState;
  const see = (seen: Observation, at: Instant = instantAt(0)): void => {
    state = step(state, { at, seen }).state;
  };
  see({ type: "linkChanged", link: { name: "eth0", index: 2, up: true } });
  see({ type: "addressesChanged", interface: "eth0", added: [address("10.0.0.1")], removed: [] });
  see({ type: "configured", config: config(text) });
  see({ type: "commanded", command: { type: "startup" } });
  for (const { config: router } of state.routers) {
    if (phase === "master") see({ type: "deadlineReached", router: router.key }, AT);
    for (const said of others) {
      const { version, vrid, adverInterval: maxAdverInterval } = router;
      const own = router.virtualAddresses.map((one) => one.address);
      const base = { version, vrid, priority: 200, maxAdverInterval, addresses: own, checksum: "plain" } as const;
      const advert: Advertisement = { ...base, source: address("10.0.0.2"), ...said };
      see({ type: "advertReceived", router: router.key, advert }, AT);
    }
  }
  return state;
}

const planned = (before: AgentState, next: string): Plan =>
  planOf(foresee(before, config(next), AT), { file: "new.conf", against: "the running daemon", refused: [] });

const only = ({ instances }: Plan): InstancePlan => {
  const [first] = instances;
  if (first === undefined || instances.length !== 1) throw new Error(`${instances.length} instances`);
  return first;
};

describe("a Master", () => {
  test("about which nothing new is said is unchanged", () => {
    const plan = planned(running(instance("A", 100), "master"), instance("A", 100));
    expect(only(plan)).toMatchObject({ action: "unchanged", transition: "none", advertAtOnce: null });
    expect(whatChanges(plan)).toBe("1 unchanged; no transition");
  });

  test("gets an address, and tells at once", () => {
    const next = instance("A", 100, { addresses: ["10.0.0.100/24", "10.0.0.101/24"] });
    expect(only(planned(running(instance("A", 100), "master"), next))).toMatchObject({
      action: "changed",
      transition: "none",
      advertAtOnce: 100,
      addresses: [{ address: "10.0.0.101/24", change: "added", instance: null }],
    });
  });

  test("with another name stays what it is", () => {
    expect(only(planned(running(instance("A", 100), "master"), instance("B", 100)))).toMatchObject({
      action: "changed",
      transition: "none",
      from: "master",
      to: "master",
      fields: [{ field: "vrrp_instance", from: "A", to: "B" }],
    });
  });

  test("that becomes weaker may lose to a Backup; one that becomes stronger does not", () => {
    const before = running(instance("A", 100), "master");
    expect(only(planned(before, instance("A", 90)))).toMatchObject({ transition: "possible", advertAtOnce: 90 });
    expect(only(planned(before, instance("A", 110)))).toMatchObject({ transition: "none", advertAtOnce: 110 });
  });

  test("that is taken away resigns at once", () => {
    const before = running(
      instance("A", 100) + instance("B", 100, { vrid: 2, addresses: ["10.0.0.200/24"] }),
      "master",
    );
    const plan = planned(before, instance("A", 100));
    expect(plan.transition).toBe("now");
    expect(plan.instances[1]).toMatchObject({
      name: "B",
      action: "removed",
      transition: "now",
      addresses: [{ address: "10.0.0.200/24", change: "removed", instance: null }],
    });
  });

  test("with another VRID is another router", () => {
    const plan = planned(running(instance("A", 100), "master"), instance("A", 100, { vrid: 2 }));
    expect(plan.instances.map(({ router, action }) => `${router} ${action}`)).toEqual([
      "eth0/ipv4/2 added",
      "eth0/ipv4/1 removed",
    ]);
  });

  test("with another version may not be heard any more", () => {
    const plan = planned(running(instance("A", 100), "master"), instance("A", 100, { lines: ["version 3"] }));
    expect(only(plan)).toMatchObject({ transition: "possible", fields: [{ field: "version", from: "2", to: "3" }] });
  });
});

describe("a Backup", () => {
  const before = running(instance("A", 100), "backup", [{}]);

  test("that becomes stronger than its Master takes over", () => {
    expect(only(planned(before, instance("A", 199))).transition).toBe("none");
    expect(only(planned(before, instance("A", 200))).transition).toBe("none");
    expect(only(planned(before, instance("A", 201)))).toMatchObject({ transition: "expected", from: "backup" });
  });

  test("takes over after preempt_delay, too, and never with nopreempt", () => {
    expect(only(planned(before, instance("A", 201, { lines: ["preempt_delay 300"] }))).transition).toBe("expected");
    expect(only(planned(before, instance("A", 201, { lines: ["nopreempt"] }))).transition).toBe("none");
  });

  test("that would not hear its Master any more becomes one beside it", () => {
    for (const line of ["version 3", "advert_int 2", "authentication {\nauth_type PASS\nauth_pass geheim\n}"])
      expect(only(planned(before, instance("A", 100, { lines: [line] }))).transition, line).toBe("expected");
  });

  test("that is taken away was holding nothing", () => {
    const two = instance("A", 100) + instance("B", 100, { vrid: 2, addresses: ["10.0.0.200/24"] });
    expect(planned(running(two, "backup", [{}]), instance("A", 100)).transition).toBe("none");
  });

  test("that was about to take over before does not do so because of the reload", () => {
    const weak = running(instance("A", 100), "backup", [{ priority: 50 }]);
    expect(only(planned(weak, instance("A", 110))).transition).toBe("none");
  });
});

test("an address that moves is told at both ends", () => {
  const b = { vrid: 2, addresses: ["10.0.0.200/24", "10.0.0.201/24"] };
  const before = running(instance("A", 100) + instance("B", 100, b), "master");
  const next =
    instance("A", 100, { addresses: ["10.0.0.100/24", "10.0.0.201/24"] }) +
    instance("B", 100, { ...b, addresses: ["10.0.0.200/24"] });
  const plan = planned(before, next);
  expect(plan.instances.map(({ addresses }) => addresses)).toEqual([
    [{ address: "10.0.0.201/24", change: "added", instance: "B" }],
    [{ address: "10.0.0.201/24", change: "removed", instance: "A" }],
  ]);
  expect(planText(plan)).toContain("+ 10.0.0.201/24, from B");
  expect(planText(plan)).toContain("- 10.0.0.201/24, to A");
});

test("a password is told to be another, and never told", () => {
  const with_ = (password: string) =>
    instance("A", 100, { lines: ["authentication {", "auth_type PASS", `auth_pass ${password}`, "}"] });
  const plan = planned(running(with_("hidden1"), "master"), with_("hidden2"));
  expect(only(plan).fields.map(({ field }) => field)).toEqual(["auth_pass"]);
  expect(JSON.stringify(plan) + planText(plan)).not.toContain("hidden");
});

test("the plan is the turn that the reload takes", () => {
  const before = running(instance("A", 100), "master");
  const next = config(instance("A", 90, { addresses: ["10.0.0.101/24"] }));
  const { turn } = foresee(before, next, AT);
  const real = step(before, { at: AT, seen: { type: "configured", config: next } });
  expect(turn).toEqual(real);
  expect(nextDeadline(turn.state.routers[0]?.phase ?? { name: "initialize", since: AT, because: "none" })).toBe(
    AT + seconds(1),
  );
});
