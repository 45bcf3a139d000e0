// Plays failovers on a machine made of nothing before the first real one.
//
// The first take-over of a process runs code that has never run: for this alone its advertisement
// was 2 ms late. Afterwards the code is compiled, and the first is as quick as the hundredth.

import { openSync, writeSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Observable } from "rxjs";
import { type Family, type IpAddress, parseAddress } from "../core/address.ts";
import { type AgentConfig, PRIORITY_STOP, type RouterConfig, routerKeyOf } from "../core/config.ts";
import type { DropReason, Event } from "../core/event.ts";
import { initialState } from "../core/state.ts";
import { after, type Instant, instantAt, seconds } from "../core/time.ts";
import { usualAddress, usualAgent, usualRouter } from "../core/usual.ts";
import { perform } from "../effects/perform.ts";
import type { Datagram, InterfaceState, Kernel, Outcome } from "../kernel.ts";
import { clockPair } from "../linux/clock.ts";
import { readWithoutSocket } from "../linux/datagrams.ts";
import { openEventLog } from "../log/event-log.ts";
import type { Store } from "../log/file.ts";
import { createQueue } from "../log/queue.ts";
import { type Driver, run } from "../run.ts";
import { adverts } from "../sources/adverts.ts";
import { createSequences } from "../wire/ah.ts";
import { advertPacket } from "../wire/packet.ts";
import { UNHURRIED_FLAG } from "./flags.ts";

/** How often each router goes Master and back; more brings nothing that can be measured. */
const ROUNDS = 25;
/** The same of the whole daemon's end: its last advertisement is waited for, too. */
const ENDS = 5;
const DONE: Outcome = { ok: true };

export type WarmUp = {
  /** To be played to the end once, event by event; touches nothing. */
  readonly pieces: IterableIterator<void>;
  /**
   * One more round, to be played shortly before a take-over: what was compiled stays compiled, but not in the
   * processor's caches. Before the first pieces were played it would itself be what is cold, and is left out; what
   * else is to be made ready is not.
   */
  readonly rehearse: (also: () => void) => void;
  /** Every way that a take-over and an end go, once more, so that the program's pages that they need are there. */
  readonly again: () => IterableIterator<void>;
};

/**
 * Made when it is asked for the first time: nothing of it is needed before the first advertisement. What runs from then on
 * is worth optimizing.
 */
export function warmUpWhenAsked(): () => WarmUp {
  let made: WarmUp | null = null;
  return () => {
    if (made !== null) return made;
    setFlagsFromString(UNHURRIED_FLAG);
    made = warmUp();
    return made;
  };
}

/** Fifty milliseconds of work in all, five for the first pieces. */
function warmUp(): WarmUp {
  const config: AgentConfig = { ...usualAgent, routers: [router("ipv4", 2), router("ipv4", 3), router("ipv6", 3)] };
  const log = openEventLog(nowhere(), { version: "", cluster: "", boot: "" }, () => 0, initialState, instantAt(0));
  let tell: (event: Event) => void = () => {};
  let hear: (datagram: Datagram) => void = () => {};
  const stage: Driver = () =>
    new Observable((subscriber) => {
      tell = (event) => subscriber.next(event);
    });
  const kernel = nothing((listener) => {
    hear = listener;
  });
  const sequences = createSequences(() => 0);
  const performer = perform(kernel, sequences, (step) => step());
  const heard = adverts(kernel, sequences, refused);
  run(initialState, [performer.drive, heard, stage], kernel.now, log).subscribe();
  const play = (cue: Cue): void => {
    if ("bytes" in cue) hear(cue);
    else tell(cue);
  };
  const plot = script(config);
  const [, second] = config.routers;
  let warm = false;
  function* pieces(): IterableIterator<void> {
    for (const cue of plot.whole()) yield play(cue);
    warm = true;
  }
  function* again(): IterableIterator<void> {
    if (warm) for (const cue of plot.each()) yield play(cue);
  }
  return {
    pieces: pieces(),
    again,
    rehearse: (also) => {
      also();
      if (!warm || second === undefined) return;
      for (const cue of plot.round(second)) play(cue);
    },
  };
}

/** What happens next. An advertisement comes as it would from a socket: a Master may not have heard any yet. */
type Cue = Event | Datagram;

const refused = (_: string, reason: DropReason): void => {
  throw new Error(`the warm-up does not understand itself: ${reason}`);
};

function script(config: AgentConfig) {
  let at: Instant = instantAt(0);
  const own = [address("192.0.2.1"), address("fe80::1")];
  const play = {
    *whole(): Iterable<Cue> {
      yield* play.begin();
      for (let i = 0; i < ROUNDS; i++) {
        if (i < ENDS) yield* play.end();
        yield* play.rounds();
        yield* play.reload();
      }
    },
    *each(): Iterable<Cue> {
      yield* play.end();
      yield* play.rounds();
    },
    *rounds(): Iterable<Cue> {
      for (const router of config.routers) yield* play.round(router);
    },
    *begin(): Iterable<Event> {
      yield { at, seen: { type: "configured", config } };
      yield { at, seen: { type: "linkChanged", link: { name: "warm", index: 1, up: true } } };
      yield { at, seen: { type: "addressesChanged", interface: "warm", added: own, removed: [] } };
      yield { at, seen: { type: "commanded", command: { type: "startup" } } };
    },
    *end(): Iterable<Event> {
      at = after(at, seconds(10));
      const by = { via: "signal", signal: "SIGTERM" } as const;
      yield { at, seen: { type: "commanded", command: { type: "shutdown" }, by } };
      yield { at, seen: { type: "commanded", command: { type: "startup" } } };
      at = after(at, seconds(10));
      for (const { key } of config.routers) yield { at, seen: { type: "deadlineReached", router: key } };
    },
    /** An address more for each Master, and without it again. */
    *reload(): Iterable<Event> {
      at = after(at, seconds(10));
      for (const { key } of config.routers) yield { at, seen: { type: "deadlineReached", router: key } };
      const anew = structuredClone(config);
      yield { at, seen: { type: "configured", config: { ...anew, routers: anew.routers.map(grown) } } };
      yield { at, seen: { type: "configured", config: anew } };
    },
    *round(one: RouterConfig): Iterable<Cue> {
      for (let tick = 0; tick < 4; tick++) {
        at = after(at, seconds(tick === 0 ? 10 : 1));
        yield { at, seen: { type: "deadlineReached", router: one.key } };
      }
      for (const priority of [200, 200, 50, PRIORITY_STOP]) yield datagram(one, priority, at);
    },
  };
  return play;
}

const address = (text: string): IpAddress => {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new TypeError(`not an address: ${text}`);
  return parsed;
};

const router = (family: Family, version: 2 | 3): RouterConfig => ({
  ...usualRouter(family),
  key: routerKeyOf("warm", family, version),
  name: "warm",
  interface: "warm",
  family,
  vrid: version,
  version,
  basePriority: 100,
  adverInterval: seconds(1),
  downTimerAdverts: 3,
  preempt: true,
  preemptDelay: seconds(0),
  authentication: { type: "none" },
  v3Checksum: "plain",
  virtualAddresses: [
    {
      address: address(family === "ipv4" ? "192.0.2.100" : "fe80::100"),
      prefixLength: 24,
      interface: "warm",
      ...usualAddress,
    },
  ],
  announce: {
    masterRepeat: 1,
    masterDelay: seconds(5),
    refresh: seconds(0),
    refreshRepeat: 1,
    lowerPriorityRepeat: 1,
    lowerPriorityDelay: seconds(0),
  },
});

/** As a new configuration has it: with an address more, which its advertisements do not list. */
const grown = (of: RouterConfig): RouterConfig => ({
  ...of,
  excludedAddresses: of.virtualAddresses.map((own) => ({
    ...own,
    address: address(of.family === "ipv4" ? "192.0.2.101" : "fe80::101"),
  })),
});

/** An advertisement of a neighbour, by the way of those that come from a socket. */
function datagram(of: RouterConfig, priority: number, at: Instant): Datagram {
  const source = address(of.family === "ipv4" ? "192.0.2.2" : "fe80::2");
  return { ...readWithoutSocket(of.interface, of.family, advertPacket(of, priority, source), clocks), at };
}

const clocks = clockPair();

/** A log that goes nowhere, by the same calls as one that goes somewhere. */
function nowhere(): Store {
  const fd = openSync("/dev/null", "a");
  const queue = createQueue();
  const append: Store["append"] = (text, seq) => {
    const { chunk, length } = queue.add(0, text, seq);
    writeSync(fd, chunk.buffer, chunk.used - length, length);
    queue.drop(queue.front());
  };
  return { ...NOWHERE, append };
}

const NOWHERE: Store = {
  epoch: "",
  last: { seq: -1, hash: "", hlc: 0, segment: 0 },
  append: () => {},
  beginSegment: () => 0,
  lostLines: () => 0,
  ready: () => true,
  status: () => ({ head: 0, durable: 0, queuedBytes: 0, lost: 0, error: null }),
  close: () => Promise.resolve(),
};

const UNASKED = { ok: false, errno: 95, error: "nobody is asked" } as const;

/** A machine where everything succeeds and nothing happens. */
function nothing(listen: (listener: (datagram: Datagram) => void) => void): Kernel {
  const warm: InterfaceState = {
    name: "warm",
    index: 1,
    mac: new Uint8Array(6),
    mtu: 1500,
    up: true,
    upon: null,
    addresses: [],
  };
  return {
    now: () => instantAt(0),
    interfaces: new Map([[warm.name, warm]]),
    watch: () => () => {},
    listen: (_iface, _family, listener) => {
      listen(listener);
      return DONE;
    },
    unlisten: () => {},
    hearClaims: () => DONE,
    drain: () => {},
    rest: () => {},
    sendPacket: () => DONE,
    sourceTo: () => null,
    sendFrame: () => DONE,
    sendFrames: (_, frames, length) => new Array<Outcome>(frames.length / length).fill(DONE),
    addAddresses: (addresses) => addresses.map(() => DONE),
    removeAddresses: (addresses) => addresses.map(() => DONE),
    addPaths: (paths) => paths.map(() => DONE),
    removePaths: (paths) => paths.map(() => DONE),
    setAlarm: () => {},
    forwardsIpv6: () => false,
    sendEcho: () => UNASKED,
    askNeighbour: () => UNASKED,
    watchRoutes: () => () => {},
    watchPaths: () => () => {},
    watchProcesses: () => UNASKED,
    close: () => {},
  };
}
