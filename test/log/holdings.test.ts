// Whatever a daemon lived through and wherever its log ends, no address that it left is missing from
// what the log says it may hold, and none of somebody else's is among it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { VirtualAddress } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import { wordsOf } from "../../agent/core/path.ts";
import { initialState, type Turn } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { openEventLog } from "../../agent/log/event-log.ts";
import { holdingsOf } from "../../agent/log/holdings.ts";
import { NOTHING_HELD, openLedger } from "../../agent/log/ledger.ts";
import { type AddressJob, CONFIGS, type Companion, history, live, virtual, wallClock } from "./history.ts";
import { type MemoryStore, memoryStore } from "./memory-store.ts";

type Owner = "ours" | "foreign";
const placeOf = (own: VirtualAddress): string => `${own.interface} ${own.address}/${own.prefixLength}`;

/** A kernel that knows whose each address is, which no real one tells for sure. */
class SimulatedKernel {
  readonly addresses: Map<string, Owner>;
  /** What the executor met there before it came, and will not remove. */
  readonly spared: Set<string>;

  constructor(from?: SimulatedKernel) {
    this.addresses = new Map(from?.addresses);
    this.spared = new Set(from?.spared);
  }

  /** Does a job, or its first addresses only; gives those that were somebody else's. */
  perform({ type, addresses }: AddressJob, first = addresses.length): readonly VirtualAddress[] {
    const foreign: VirtualAddress[] = [];
    for (const own of addresses.slice(0, first)) {
      const place = placeOf(own);
      if (type === "removeAddresses") {
        if (!this.spared.delete(place)) this.addresses.delete(place);
      } else if (this.addresses.get(place) === "foreign") {
        this.spared.add(place);
        foreign.push(own);
      } else this.addresses.set(place, "ours");
    }
    return foreign;
  }

  of(owner: Owner): string[] {
    return [...this.addresses].filter(([, whose]) => whose === owner).map(([place]) => place);
  }
}

/** What the property has met, so that it cannot be empty. */
type Met = { cuts: number; held: number; foreign: number; partial: number; headers: number };

/** Performs jobs as the lane does, and looks at the log at every point at which the process could die. */
function mortal(store: MemoryStore, met: Met): Companion {
  let kernel = new SimulatedKernel();
  const jobs: AddressJob[] = [];

  const expectKnown = (there: SimulatedKernel, held: ReadonlySet<string>): void => {
    for (const place of there.of("ours")) expect(held, `${place} would be left behind`).toContain(place);
    for (const place of there.of("foreign")) expect(held, `${place} is somebody else's`).not.toContain(place);
    met.cuts += 1;
    met.foreign += there.of("foreign").length;
  };
  /** The process dies here: with none, some or all of the waiting jobs done, and the last one in part. */
  const die = (): void => {
    const segment = store.lastSegment();
    if (segment[0]?.type === "header" && segment[0].holdings.held.length > 0) met.headers += 1;
    const held = new Set(holdingsOf(segment).keys());
    met.held += held.size;
    const there = new SimulatedKernel(kernel);
    expectKnown(there, held);
    for (const job of jobs) {
      const half = new SimulatedKernel(there);
      half.perform(job, Math.ceil(job.addresses.length / 2));
      expectKnown(half, held);
      there.perform(job);
      expectKnown(there, held);
      met.partial += 1;
    }
  };

  return {
    onSnapshot: () => {},
    onTurn: ({ effects }: Turn) => {
      for (const effect of effects)
        if (effect.type === "addAddresses" || effect.type === "removeAddresses") jobs.push(effect);
      die();
    },
    perform: (count, tell) => {
      for (let i = 0; i < count && jobs[0] !== undefined; i++) {
        const [job] = jobs.splice(0, 1) as [AddressJob];
        const before = new Map(kernel.addresses);
        const foreign = kernel.perform(job).map(({ address }) => address);
        die();
        tell(doneOf(job, foreign));
        for (const seen of netlink(before, kernel.addresses, job.addresses)) tell(seen);
      }
    },
    plant: (own, there) => {
      const whose = kernel.addresses.get(placeOf(own));
      // Whoever takes off what is ours, or puts it there while we are about to, is not what this is about.
      if (whose === "ours" || jobs.some(({ addresses }) => addresses.some((a) => placeOf(a) === placeOf(own))))
        return false;
      if (kernel.spared.has(placeOf(own))) return false;
      kernel = new SimulatedKernel(kernel);
      if (there) kernel.addresses.set(placeOf(own), "foreign");
      else kernel.addresses.delete(placeOf(own));
      return true;
    },
  };
}

const doneOf = ({ type, router }: AddressJob, foreign: readonly VirtualAddress["address"][]): Observation => ({
  type: "effectDone",
  effect: type,
  router,
  took: seconds(0),
  detail: "",
  foreign,
});

/** What the kernel tells about the addresses of a job, after the executor has told that it is done. */
function netlink(
  before: ReadonlyMap<string, Owner>,
  after: ReadonlyMap<string, Owner>,
  addresses: readonly VirtualAddress[],
): Observation[] {
  return addresses.flatMap((own): Observation[] => {
    const was = before.has(placeOf(own));
    const is = after.has(placeOf(own));
    if (was === is) return [];
    const change = is ? { added: [own.address], removed: [] } : { added: [], removed: [own.address] };
    return [{ type: "addressesChanged", interface: own.interface, ...change }];
  });
}

describe("what a log says a daemon may hold", () => {
  it("has every address that a death here leaves behind, and nobody else's", () => {
    const met: Met = { cuts: 0, held: 0, foreign: 0, partial: 0, headers: 0 };
    fc.assert(
      fc.property(history, (life) => {
        const store = memoryStore();
        const wall = wallClock();
        const identity = { version: "1.2.3", cluster: "lab", boot: "boot-1" };
        const log = openEventLog(store, identity, wall.read, initialState, instantAt(0), 6_000);
        // Only what changes something is looked at, or most of the time goes into waiting.
        live(
          { ...life, happenings: life.happenings.filter(({ type }) => type !== "steady") },
          log,
          wall,
          mortal(store, met),
        );
      }),
      { numRuns: 30 },
    );
    for (const [what, count] of Object.entries(met))
      expect({ what, count: Math.min(count, 50) }).toEqual({ what, count: 50 });
  });
});

const R1 = CONFIGS[0]?.routers[0]?.key ?? ("" as never);
const A = virtual("10.0.1.1", "eth0");
const B = virtual("10.0.1.2", "eth0");
const NOTHING_SEEN: Observation = { type: "commanded", command: { type: "startup" } };

/** A turn, as far as the ledger looks at it. */
const turn = (seen: Observation, ...effects: AddressJob[]) => ({
  event: { at: instantAt(0), seen },
  state: initialState,
  effects,
});
const wants = (type: AddressJob["type"], ...addresses: VirtualAddress[]): AddressJob => ({
  type,
  router: R1,
  addresses,
});
const held = (ledger: ReturnType<typeof openLedger>): string[] =>
  [...ledger.held().values()].map((own) => ("kind" in own ? wordsOf(own) : own.address));

describe("the ledger", () => {
  it("does not let go of what is wanted again before its removal was reported", () => {
    const ledger = openLedger(NOTHING_HELD);
    const add = wants("addAddresses", A);
    const remove = wants("removeAddresses", A);
    ledger.enter(turn(NOTHING_SEEN, add));
    ledger.enter(turn(doneOf(add, []), remove));
    ledger.enter(turn(NOTHING_SEEN, add));
    ledger.enter(turn(doneOf(remove, [])));
    expect(held(ledger)).toEqual([A.address]);
    ledger.enter(turn(doneOf(add, []), remove));
    ledger.enter(turn(doneOf(remove, [])));
    expect(held(ledger)).toEqual([]);
  });

  it("takes each report for the oldest wish of its kind", () => {
    const ledger = openLedger(NOTHING_HELD);
    ledger.enter(turn(NOTHING_SEEN, wants("addAddresses", A, B)));
    ledger.enter(turn(doneOf(wants("addAddresses", A, B), []), wants("removeAddresses", A)));
    ledger.enter(turn(NOTHING_SEEN, wants("removeAddresses", B)));
    ledger.enter(turn(doneOf(wants("removeAddresses", A), [])));
    expect(held(ledger)).toEqual([B.address]);
  });

  it("keeps what could not be removed", () => {
    const ledger = openLedger(NOTHING_HELD);
    ledger.enter(turn(NOTHING_SEEN, wants("addAddresses", A)));
    ledger.enter(turn(doneOf(wants("addAddresses", A), []), wants("removeAddresses", A)));
    ledger.enter(turn({ type: "effectFailed", effect: "removeAddresses", router: R1, error: "EPERM: no" }));
    ledger.enter(turn(doneOf(wants("removeAddresses", A), [])));
    expect(held(ledger)).toEqual([A.address]);
  });

  it("goes on from its balance as if nothing had been written down", () => {
    const first = openLedger(NOTHING_HELD);
    first.enter(turn(NOTHING_SEEN, wants("addAddresses", A, B)));
    first.enter(turn(doneOf(wants("addAddresses", A, B), [B.address]), wants("removeAddresses", A, B)));
    const second = openLedger(JSON.parse(JSON.stringify(first.balance())));
    expect(held(second)).toEqual([A.address]);
    second.enter(turn(doneOf(wants("removeAddresses", A, B), [])));
    expect(held(second)).toEqual([]);
  });
});
