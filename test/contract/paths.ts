// What every kernel does with routes and rules, and tells of those that somebody takes away.

import { expect, it } from "vitest";
import { PATH_PROTOCOL, type Path, type Route, type Rule, traceOf } from "../../agent/core/path.ts";
import type { Kernel, Outcome } from "../../agent/kernel.ts";
import { ip } from "./given.ts";

/** Of two kernels on one wire, what is needed here. */
type Pair = {
  readonly a: Kernel;
  readonly wire: string;
  /** Somebody else removes it. */
  readonly tear: (path: Path) => void;
  readonly until: (what: string, condition: () => boolean) => Promise<void>;
};

const OK: Outcome = { ok: true };
const ENOENT = 2;
const ESRCH = 3;
const EEXIST = 17;
const ENODEV = 19;

const errnoOf = (outcome: Outcome): number => (outcome.ok ? 0 : outcome.errno);

const route = (text: string, length: number, wanted: Partial<Route>): Route => ({
  kind: "route",
  family: text.includes(":") ? "ipv6" : "ipv4",
  type: 1,
  to: { address: ip(text), length },
  via: null,
  interface: null,
  source: null,
  table: 254,
  scope: 0,
  metric: 7,
  tos: 0,
  onlink: false,
  protocol: PATH_PROTOCOL,
  order: "add",
  metrics: [],
  locked: 0,
  realms: 0,
  onLoss: "restore",
  ...wanted,
});

const rule = (preference: number, wanted: Partial<Rule> = {}): Rule => ({
  kind: "rule",
  family: "ipv4",
  from: { address: ip("192.0.2.0"), length: 24 },
  to: null,
  table: 100,
  preference,
  iif: "",
  oif: "",
  mark: null,
  tos: 0,
  action: 1,
  inverted: false,
  suppressPrefixLength: null,
  onLoss: "restore",
  ...wanted,
});

export function paths(pair: () => Pair): void {
  const some = (): readonly Path[] => {
    const { wire } = pair();
    return [
      route("192.0.3.0", 24, { interface: wire }),
      route("192.0.4.0", 24, { via: ip("10.9.0.2"), interface: wire, table: 100 }),
      route("2001:db8:3::", 48, { interface: wire }),
      rule(500),
      rule(501, { family: "ipv6", from: { address: ip("2001:db8::"), length: 32 } }),
    ];
  };

  it("adds and removes routes and rules, with an outcome for each", () => {
    const { a } = pair();
    const all = some();
    expect(a.addPaths(all)).toEqual(all.map(() => OK));
    const [first] = all;
    const elsewhere = route("192.0.5.0", 24, { interface: "nowhere0" });
    if (first === undefined) throw new Error("there is none");
    const again = a.addPaths([first, rule(500), rule(502), elsewhere]);
    expect(again.map(errnoOf)).toEqual([EEXIST, EEXIST, 0, ENODEV]);
    expect(again[0]).toMatchObject({ ok: false, error: expect.stringMatching(/^EEXIST: /) });
    // What differs in anything is another one, and stays.
    expect(a.removePaths([route("192.0.3.0", 24, { interface: pair().wire, protocol: 4 })]).map(errnoOf)).toEqual([
      ESRCH,
    ]);
    expect(a.removePaths([rule(500, { table: 101 })]).map(errnoOf)).toEqual([ENOENT]);
    const backwards = [rule(502), ...all.toReversed()];
    expect(a.removePaths(backwards)).toEqual(backwards.map(() => OK));
    expect(a.removePaths([first, rule(500)]).map(errnoOf)).toEqual([ESRCH, ENOENT]);
  });

  it("tells what somebody else takes away, and who, and nothing of its own doing", async () => {
    const { a, tear, until } = pair();
    const told: string[] = [];
    const names: string[] = [];
    const stop = a.watchPaths((gone, by) => {
      told.push(...(gone ?? []).map(traceOf));
      names.push(by());
    });
    const all = some();
    a.addPaths(all);
    a.removePaths([...all].reverse());
    a.addPaths(all);
    for (const path of all) tear(path);
    await until("all are told", () => all.every((path) => told.includes(traceOf(path))));
    // Each once: its own removals of before were not among them.
    expect([...told].sort()).toEqual(all.map(traceOf).sort());
    // One that has ended by now has no name any more.
    expect(names[0]).toMatch(/^(ip \()?pid \d+\)?$/);
    stop();
    const [first] = all;
    if (first === undefined) throw new Error("there is none");
    a.addPaths([first]);
    tear(first);
    a.addPaths([first]);
    a.removePaths([first]);
    expect(told).toHaveLength(all.length);
  });
}
