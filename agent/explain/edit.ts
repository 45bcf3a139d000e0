// One edit of a configuration, in the words of keepalived.conf: what `--what-if 'advert_int 0.2'` means.

import type { AgentConfig, RouterConfig } from "../core/config.ts";
import { type Duration, microseconds } from "../core/time.ts";

/** Changes the routers it is about, and tells the interval it gives them when it gives one. */
export type Edit = {
  readonly text: string;
  readonly apply: (router: RouterConfig) => RouterConfig;
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
    interval: null,
  };
};

const isCalled = (check: string, name: string): boolean => check === name || check.endsWith(`/${name}`);

const MAKERS: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  [
    "advert_int",
    numeric(0.01, 255, (number) => ({
      apply: (router) => ({ ...router, adverInterval: seconds(number) }),
      interval: seconds(number),
    })),
  ],
  ["priority", numeric(1, 255, (number) => plain({ basePriority: number }))],
  ["preempt_delay", numeric(0, 1000, (number) => plain({ preempt: true, preemptDelay: seconds(number) }))],
  ["down_timer_adverts", numeric(1, 100, (number) => plain({ downTimerAdverts: number }))],
  ["nopreempt", () => plain({ preempt: false })],
  ["preempt", () => plain({ preempt: true })],
  ["weight", weight],
]);

/** Reads an edit; a string says what is wrong with it. */
export function editOf(text: string): Edit | string {
  const [keyword = "", ...words] = text.trim().split(/\s+/);
  const make = MAKERS.get(keyword);
  if (make === undefined) return `"${keyword}" is none of ${[...MAKERS.keys()].join(", ")}`;
  const made = make(words);
  return typeof made === "string" ? `${keyword} ${made}` : { text: text.trim(), ...made };
}

/** A configuration with the edit in every router of that name, or in all. */
export const edited = (config: AgentConfig, { apply }: Edit, vr: string | undefined): AgentConfig => ({
  ...config,
  routers: config.routers.map((router) =>
    vr === undefined || vr === router.name || vr === router.key ? apply(router) : router,
  ),
});
