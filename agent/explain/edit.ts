// One edit of a configuration, in the words of keepalived.conf: what `--what-if 'advert_int 0.2'` means.

import type { Belief } from "../core/check.ts";
import type { AgentConfig, RouterConfig } from "../core/config.ts";
import { type Duration, microseconds } from "../core/time.ts";

/** Changes the routers it is about, and tells the interval it gives them when it gives one. */
export type Edit = {
  readonly text: string;
  readonly apply: (router: RouterConfig) => RouterConfig;
  /** What it changes beside the routers. */
  readonly whole?: (config: AgentConfig) => AgentConfig;
  /** The tracked thing that it is about. */
  readonly track?: string;
  /** Why it cannot be for this router, in a sentence; null when it can. */
  readonly forbids?: (router: RouterConfig) => string | null;
  /** The neighbours' interval changes with ours: an interval is one of all routers of a VRID. */
  readonly interval: Duration | null;
};

type Maker = (words: readonly string[]) => Omit<Edit, "text"> | string;

const plain = (change: Partial<RouterConfig>): Omit<Edit, "text"> => ({
  apply: (router) => ({ ...router, ...change }),
  interval: null,
});

function numberIn(word: string | undefined, low: number, high: number): number | string {
  const number = Number(word);
  if (word === undefined || word === "" || !(number >= low && number <= high))
    return `wants a number in ${low}..${high}`;
  return number;
}

const numeric =
  (low: number, high: number, make: (number: number) => Omit<Edit, "text">): Maker =>
  ([word]) => {
    const number = numberIn(word, low, high);
    return typeof number === "string" ? number : make(number);
  };

const seconds = (number: number): Duration => microseconds(number * 1_000_000);

/** weight NAME N: what a tracked thing adds or takes. */
const weight: Maker = ([name, word]) => {
  const number = numberIn(word, -254, 254);
  if (name === undefined || typeof number === "string") return "wants a tracked name and a number in -254..254";
  return {
    apply: (router) => ({
      ...router,
      tracks: router.tracks.map((track) => (isCalled(track.check, name) ? { ...track, weight: number } : track)),
    }),
    track: name,
    interval: null,
  };
};

const isCalled = (check: string, name: string): boolean => check === name || check.endsWith(`/${name}`);

/** fall NAME N, rise NAME N: how many answers in a row it takes. */
const inARow =
  (which: "fall" | "rise"): Maker =>
  ([name, word]) => {
    const number = numberIn(word, 1, 1_000);
    if (name === undefined || typeof number === "string") return "wants the name of a check and a number in 1..1000";
    return {
      apply: (router) => router,
      whole: (config) => ({
        ...config,
        checks: config.checks.map((check) =>
          isCalled(check.name, name) ? { ...check, belief: counting(check.belief, which, number) } : check,
        ),
      }),
      track: name,
      interval: null,
    };
  };

const counting = (belief: Belief, which: "fall" | "rise", number: number): Belief => ({
  ...belief,
  master: { ...belief.master, [which]: number },
  backup: { ...belief.backup, [which]: number },
});

/** RFC 3768 §5.3.7: an octet of whole seconds. RFC 5798 §5.2.7: twelve bits of centiseconds. */
function intervalForbidden({ name, version }: RouterConfig, number: number): string | null {
  if (version === 2 && !Number.isInteger(number))
    return `${name} speaks VRRPv2, whose packets carry whole seconds only; below a second takes "version 3" on every router`;
  return version === 3 && number > 40.95 ? `${name} speaks VRRPv3, whose packets carry at most 40.95 s` : null;
}

const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  [
    "advert_int",
    numeric(0.01, 255, (number) => ({
      apply: (router) => ({ ...router, adverInterval: seconds(number) }),
      forbids: (router) => intervalForbidden(router, number),
      interval: seconds(number),
    })),
  ],
  ["priority", numeric(1, 255, (number) => plain({ basePriority: number }))],
  ["preempt_delay", numeric(0, 1000, (number) => plain({ preempt: true, preemptDelay: seconds(number) }))],
  ["down_timer_adverts", numeric(1, 100, (number) => plain({ downTimerAdverts: number }))],
  ["nopreempt", () => plain({ preempt: false })],
  ["preempt", () => plain({ preempt: true })],
  ["weight", weight],
  ["fall", inARow("fall")],
  ["rise", inARow("rise")],
]);

/** Reads an edit; a string says what is wrong with it. */
export function editOf(text: string): Edit | string {
  const [keyword = "", ...words] = text.trim().split(/\s+/);
  const make = MAKERS.get(keyword);
  if (make === undefined) return `"${keyword}" is none of ${[...MAKERS.keys()].join(", ")}`;
  const made = make(words);
  return typeof made === "string" ? `${keyword} ${made}` : { text: text.trim(), ...made };
}

const isMeant = (vr: string | undefined, { name, key }: RouterConfig): boolean =>
  vr === undefined || vr === name || vr === key;

/** A configuration with the edit in every router of that name, or in all. */
export function edited(config: AgentConfig, { apply, whole }: Edit, vr: string | undefined): AgentConfig {
  const routers = config.routers.map((router) => (isMeant(vr, router) ? apply(router) : router));
  return { ...(whole?.(config) ?? config), routers };
}

/** Why an edit cannot be, by the first router it is about that forbids it. */
export function forbidden(config: AgentConfig, edit: Edit, vr: string | undefined): string | null {
  const meant = config.routers.filter((router) => isMeant(vr, router));
  for (const router of meant) {
    const says = edit.forbids?.(router) ?? null;
    if (says !== null) return says;
  }
  return untracked(meant, edit.track);
}

/** An edit of what nobody tracks would change nothing, and say so of a failover that it was to prevent. */
function untracked(routers: readonly RouterConfig[], name: string | undefined): string | null {
  const known = [...new Set(routers.flatMap(({ tracks }) => tracks.map(({ check }) => check)))];
  if (name === undefined || known.some((check) => isCalled(check, name))) return null;
  const names = known.length === 0 ? "nothing is tracked" : `tracked are ${known.join(", ")}`;
  return `${routers.map((router) => router.name).join(", ")}: ${name} is not tracked; ${names}`;
}
