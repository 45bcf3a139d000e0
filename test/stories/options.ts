// How a story spells a router, an address or a time, and what it may leave out. The defaults are
// those of keepalived.conf.

import { type Family, type IpAddress, parseAddress } from "../../agent/core/address.ts";
import {
  type AgentConfig,
  type Conduct,
  linkCheck,
  type RouterConfig,
  routerKeyOf,
  type Track,
  type Transport,
  type VirtualAddress,
} from "../../agent/core/config.ts";
import { type OnLoss, PATH_PROTOCOL, type Route, type Rule } from "../../agent/core/path.ts";
import { type Duration, microseconds } from "../../agent/core/time.ts";
import { usualAddress, usualRouter } from "../../agent/core/usual.ts";

/** `key=value` words by key. */
export type Options = ReadonlyMap<string, string>;

/** Reads `key=value` words; any other word, and any key nobody knows, throws. */
export function optionsOf(words: readonly string[], known: readonly string[]): Options {
  return new Map(
    words.map((word) => {
      const [key = "", value] = word.split(/=(.*)/s);
      if (value === undefined || !known.includes(key))
        throw new Error(`"${word}" is none of ${known.map((name) => `${name}=`).join(" ")}`);
      return [key, value];
    }),
  );
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

/** Reads `3.609375s`, `10ms` or `1us`, to the microsecond. */
export function spanOf(text: string): Duration {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text) ?? [];
  const scale = UNITS[unit];
  if (scale === undefined) throw new Error(`"${text}" is no time: write 3.609375s, 10ms or 1us`);
  const span = microseconds(Number(number) * scale);
  if (Math.abs(span - Number(number) * scale) > 1e-6) throw new Error(`"${text}" is finer than a microsecond`);
  return span;
}

/** Reads an address, or throws. */
export function addressOf(text: string): IpAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`"${text}" is no address`);
  return address;
}

/** Reads a whole number, or throws. */
export function wholeOf(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" is no whole number`);
  return Number(text);
}

function oneOf<Word extends string>(text: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw new Error(`"${text}" is none of ${words.join(" ")}`);
  return word;
}

/** What may be said of a router. */
export const ROUTER_OPTIONS: readonly string[] = [
  "interface",
  "family",
  "vrid",
  "version",
  "priority",
  "interval",
  "down_timer_adverts",
  "preempt",
  "preempt_delay",
  "password",
  "v3_checksum_as_v2",
  "address",
  "excluded",
  "route",
  "rule",
  "unicast_peer",
  "src_ip",
  "track_src_ip",
  "garp_master_repeat",
  "garp_master_delay",
  "garp_master_refresh",
  "garp_master_refresh_repeat",
  "garp_lower_prio_repeat",
  "garp_lower_prio_delay",
  "garp_extra_if",
  "group",
  "track",
  "on_loss",
  "lower_prio_no_advert",
  "higher_prio_send_advert",
  "owner_ignore_adverts",
  "dont_track_primary",
  "timer_expired_backup",
  "priority_change",
  "fast_handover",
  "max_failovers",
];

/** What may be said of the whole daemon. */
export const GLOBAL_OPTIONS: readonly string[] = ["startup_delay", "delay_after_boot", "link_delays"];

/** A prefix a story need not write. */
export const USUAL_PREFIX = { ipv4: 24, ipv6: 64 } as const;

/** The configuration of a router of this name, the unsaid filled in. */
export function routerConfigOf(name: string, options: Options): RouterConfig {
  const text = (key: string, unsaid: string): string => options.get(key) ?? unsaid;
  const family = oneOf(text("family", "ipv4"), ["ipv4", "ipv6"]);
  const iface = text("interface", "eth0");
  const vrid = wholeOf(text("vrid", "1"));
  const password = options.get("password");
  const repeat = text("garp_master_repeat", "5");
  const delay = text("garp_master_delay", "5s");
  const usual = usualRouter(family);
  const onLoss = oneOf(text("on_loss", "restore"), ["restore", "failover", "ignore"]);
  return {
    ...usual,
    conduct: conductOf(options, usual.conduct),
    transport: transportOf(family, options),
    tracks: tracksOf(options.get("track")),
    key: routerKeyOf(iface, family, vrid),
    name,
    interface: iface,
    family,
    vrid,
    version: oneOf(text("version", "3"), ["2", "3"]) === "2" ? 2 : 3,
    basePriority: wholeOf(text("priority", "100")),
    adverInterval: spanOf(text("interval", "1s")),
    downTimerAdverts: wholeOf(text("down_timer_adverts", "3")),
    preempt: oneOf(text("preempt", "yes"), ["yes", "no"]) === "yes",
    preemptDelay: spanOf(text("preempt_delay", "0s")),
    maxFailovers: limitOf(options.get("max_failovers")),
    authentication: password === undefined ? { type: "none" } : { type: "pass", password },
    v3Checksum: oneOf(text("v3_checksum_as_v2", "no"), ["yes", "no"]) === "yes" ? "plain" : "pseudoHeader",
    virtualAddresses: virtualAddressesOf(
      text("address", family === "ipv4" ? "10.0.0.100" : "fe80::100"),
      USUAL_PREFIX[family],
      iface,
      onLoss,
    ),
    excludedAddresses: virtualAddressesOf(text("excluded", "none"), USUAL_PREFIX[family], iface, onLoss),
    paths: [...routesOf(options.get("route"), iface, onLoss), ...rulesOf(options.get("rule"), onLoss)],
    extraAnnounce: { every: spanOf(text("garp_extra_if", "0s")), on: "all" },
    announce: {
      masterRepeat: wholeOf(repeat),
      masterDelay: spanOf(delay),
      refresh: spanOf(text("garp_master_refresh", "0s")),
      refreshRepeat: wholeOf(text("garp_master_refresh_repeat", "1")),
      lowerPriorityRepeat: wholeOf(text("garp_lower_prio_repeat", repeat)),
      lowerPriorityDelay: spanOf(text("garp_lower_prio_delay", delay)),
    },
  };
}

function conductOf(options: Options, usual: Conduct): Conduct {
  const on = (key: string, unsaid: boolean): boolean =>
    options.has(key) ? oneOf(options.get(key) ?? "", ["yes", "no"]) === "yes" : unsaid;
  const patience = options.get("timer_expired_backup");
  return {
    ...usual,
    lowerPriorityNoAdvert: on("lower_prio_no_advert", usual.lowerPriorityNoAdvert),
    higherPrioritySendAdvert: on("higher_prio_send_advert", usual.higherPrioritySendAdvert),
    ownerIgnoresAdverts: on("owner_ignore_adverts", usual.ownerIgnoresAdverts),
    trackPrimary: !on("dont_track_primary", !usual.trackPrimary),
    timerExpiredBackup: patience === undefined ? null : wholeOf(patience),
    tellPriorityAtOnce:
      oneOf(options.get("priority_change") ?? "immediate", ["immediate", "next_advert"]) === "immediate",
    fastHandover: on("fast_handover", usual.fastHandover),
  };
}

/** `3/60s`: so often in so long. */
function limitOf(text: string | undefined): RouterConfig["maxFailovers"] {
  const [count = "", window = ""] = text?.split("/") ?? [];
  return text === undefined ? null : { count: wholeOf(count), window: spanOf(window) };
}

/** `eth1,eth2:-30,eth3:20:reverse`: links, with their weights; `script/a:-30` is a check. */
function tracksOf(text: string | undefined): readonly Track[] {
  return (text?.split(",") ?? []).map((written) => {
    const [name = "", weight = "0", reverse] = written.split(":");
    if (!/^-?\d+$/.test(weight)) throw new Error(`"${weight}" is no weight`);
    return {
      check: name.includes("/") ? name : linkCheck(name),
      weight: Number(weight),
      reverse: reverse === "reverse",
    };
  });
}

/** What the story says of the whole daemon: `startup_delay=2s link_delays=eth1:1s:2s`, the delay down and then up. */
export function globalsOf(options: Options): Pick<AgentConfig, "startupDelay" | "delayAfterBoot" | "linkDelays"> {
  const delays = options.get("link_delays")?.split(",") ?? [];
  return {
    startupDelay: spanOf(options.get("startup_delay") ?? "0s"),
    delayAfterBoot: spanOf(options.get("delay_after_boot") ?? "0s"),
    linkDelays: Object.fromEntries(
      delays.map((written) => {
        const [name = "", down = "", up = ""] = written.split(":");
        return [name, { down: spanOf(down), up: spanOf(up) }];
      }),
    ),
  };
}

/** `unicast_peer=10.0.0.2,10.0.0.3`, or `none` for an empty list. */
function transportOf(family: Family, options: Options): Transport {
  const { to } = usualRouter(family).transport;
  const source = options.get("src_ip");
  const listed = options.get("unicast_peer");
  const peers = listed === "none" ? [] : (listed ?? "").split(",");
  return {
    source: source === undefined ? null : addressOf(source),
    trackSource: oneOf(options.get("track_src_ip") ?? "no", ["yes", "no"]) === "yes",
    to:
      listed === undefined
        ? to
        : {
            type: "unicast",
            peers: peers.map((peer) => ({ address: addressOf(peer), minTtl: 0, maxTtl: 255 })),
            ttl: 255,
            checkSource: true,
          },
  };
}

/** `192.0.3.0/24,192.0.4.0/24`: IPv4 routes on the interface of the router. */
const routesOf = (text: string | undefined, iface: string, onLoss: OnLoss): readonly Route[] =>
  (text?.split(",") ?? []).map((written) => {
    const [address = "", length = ""] = written.split("/");
    return {
      kind: "route",
      family: "ipv4",
      type: 1,
      to: { address: addressOf(address), length: wholeOf(length) },
      via: null,
      interface: iface,
      source: null,
      table: 254,
      scope: 0,
      metric: 0,
      tos: 0,
      onlink: false,
      protocol: PATH_PROTOCOL,
      order: "prepend",
      metrics: [],
      locked: 0,
      realms: 0,
      onLoss,
    };
  });

/** `500,501`: rules of these preferences, which look table 100 up for everything. */
const rulesOf = (text: string | undefined, onLoss: OnLoss): readonly Rule[] =>
  (text?.split(",") ?? []).map((preference) => ({
    kind: "rule",
    family: "ipv4",
    from: null,
    to: null,
    table: 100,
    preference: wholeOf(preference),
    iif: "",
    oif: "",
    mark: null,
    tos: 0,
    action: 1,
    inverted: false,
    suppressPrefixLength: null,
    onLoss,
  }));

/** `10.0.0.100,10.0.0.101/25,10.0.1.100@eth1`, or `none`. */
function virtualAddressesOf(
  text: string,
  usualPrefix: number,
  iface: string,
  onLoss: OnLoss,
): readonly VirtualAddress[] {
  if (text === "none") return [];
  return text.split(",").map((written) => {
    const [place = "", dev] = written.split("@");
    const [address = "", prefix] = place.split("/");
    return {
      address: addressOf(address),
      prefixLength: prefix === undefined ? usualPrefix : wholeOf(prefix),
      interface: dev ?? iface,
      ...usualAddress,
      onLoss,
    };
  });
}
