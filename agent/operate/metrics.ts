// The page of figures: what the log comes to (`tally.ts`), the state it folds to, and what only a living
// daemon knows. Nothing is on it that is not known, and no state or reason in the labels that say who it is.

import type { RouterConfig } from "../core/config.ts";
import { heldBy } from "../core/holdings.ts";
import { type AgentState, effectivePriority, type RouterState } from "../core/state.ts";
import { type Instant, since } from "../core/time.ts";
import { masterDownInterval, skewTime } from "../core/timers.ts";
import { type Family, joined, labelled, type Sample, sample, spread } from "./exposition.ts";
import { tracksOf } from "./standing.ts";
import { masterOf, splitBrainOf } from "./status.ts";
import { STEPS } from "./takeover.ts";
import { concerned, HEARD, type RouterTally, type Tally } from "./tally.ts";

/** What the log says up to now, and the time on both clocks: `wall` in ms since 1970. */
export type Told = {
  readonly tally: Tally;
  readonly state: AgentState;
  readonly now: Instant;
  readonly wall: number;
};

const ids = new WeakMap<RouterConfig, string>();

/** Who it is, on every node the same but for the interface. */
export function idOf(config: RouterConfig): string {
  const before = ids.get(config);
  if (before !== undefined) return before;
  const { name, interface: iface, vrid, family } = config;
  const id = labelled({ vr: name, interface: iface, vrid, family });
  ids.set(config, id);
  return id;
}

const nameOf = ({ name }: RouterConfig): string => labelled({ vr: name });

type Of = (router: RouterState, told: Told) => Iterable<Sample>;
type Counted = (tally: RouterTally, config: RouterConfig, told: Told) => Iterable<Sample>;
type Row<T> = readonly [name: string, type: Family["type"], help: string, of: T];

/** A figure of each router, where there is one. */
const one =
  (value: (router: RouterState, told: Told) => number | null): Of =>
  (router, told) => {
    const is = value(router, told);
    return is === null ? [] : [sample(is, idOf(router.config))];
  };

const counter =
  (value: (tally: RouterTally) => number): Counted =>
  (tally, config) => [sample(value(tally), idOf(config))];

const STATES = ["initialize", "backup", "master", "fault"] as const;

const wallOf = ({ now, wall }: Told, at: Instant): number => (wall - since(at, now) / 1_000) / 1_000;

/** Of a Backup that which it has learned, else the one in the file. */
const intervalOf = ({ phase, config }: RouterState) =>
  phase.name === "backup" ? phase.masterAdverInterval : config.adverInterval;

const VRRP: readonly Row<Of>[] = [
  [
    "heird_vrrp_state",
    "gauge",
    "1 for the state it is in, 0 for the others.",
    ({ config, phase }) =>
      STATES.map((state) => sample(Number(phase.name === state), joined(idOf(config), labelled({ state })))),
  ],
  [
    "heird_vrrp_last_transition_timestamp_seconds",
    "gauge",
    "When it changed its state last.",
    one(({ phase }, told) => wallOf(told, phase.since)),
  ],
  [
    "heird_vrrp_drained",
    "gauge",
    "1 while an operator has taken it out of service.",
    one(({ drained }) => Number(drained !== null)),
  ],
  ["heird_vrrp_base_priority", "gauge", "The priority in the configuration.", one(({ config }) => config.basePriority)],
  ["heird_vrrp_effective_priority", "gauge", "The priority it is elected by.", one(effectivePriority)],
  [
    "heird_vrrp_master_priority",
    "gauge",
    "The priority of the Master it knows of.",
    one((router) => masterOf(router)?.priority ?? null),
  ],
  [
    "heird_vrrp_master_info",
    "gauge",
    "Who is Master as far as it knows.",
    (router) => {
      const master = masterOf(router)?.address;
      return master === undefined ? [] : [sample(1, joined(idOf(router.config), labelled({ master })))];
    },
  ],
  [
    "heird_vrrp_priority_adjustment",
    "gauge",
    "What each track adds to the priority; NaN where it means FAULT.",
    function* (router) {
      const seen = new Set<string>();
      for (const { check, adds } of tracksOf(router)) {
        if (!seen.has(check)) yield sample(adds ?? Number.NaN, joined(idOf(router.config), labelled({ track: check })));
        seen.add(check);
      }
    },
  ],
  [
    "heird_vrrp_advert_interval_seconds",
    "gauge",
    "Between two advertisements: as configured, and as learned from the Master.",
    function* ({ config, phase }) {
      yield sample(config.adverInterval / 1e6, joined(idOf(config), 'source="configured"'));
      if (phase.name === "backup")
        yield sample(phase.masterAdverInterval / 1e6, joined(idOf(config), 'source="learned"'));
    },
  ],
  [
    "heird_vrrp_master_down_interval_seconds",
    "gauge",
    "The silence after which it takes over.",
    one((router) => {
      const { version, downTimerAdverts } = router.config;
      return masterDownInterval(version, effectivePriority(router), intervalOf(router), downTimerAdverts) / 1e6;
    }),
  ],
  [
    "heird_vrrp_skew_time_seconds",
    "gauge",
    "The head start of a higher priority.",
    one((router) => skewTime(router.config.version, effectivePriority(router), intervalOf(router)) / 1e6),
  ],
  [
    "heird_vrrp_advert_age_seconds",
    "gauge",
    "Of a Backup: since the last advertisement that held it back.",
    one(({ phase }, { now }) =>
      phase.name === "backup" && phase.heard !== null ? since(phase.heardAt, now) / 1e6 : null,
    ),
  ],
  [
    "heird_vrrp_dual_master",
    "gauge",
    "1 while somebody else speaks for the VRID of this Master.",
    one((router, { now }) => Number(splitBrainOf(router, now) !== null)),
  ],
  ["heird_vip_present", "gauge", "Whether an address is on its interface, whoever put it there.", presence],
  [
    "heird_vip_duplicate",
    "gauge",
    "1 while the kernel does not use an address because somebody else has it.",
    duplicity,
  ],
];

/** Of those whose configuration lets the kernel look (`-nodad`); the others are taken up without. */
function* duplicity({ config }: RouterState, { tally }: Told): Generator<Sample> {
  for (const { address, interface: iface, dad } of heldBy(config).addresses) {
    const is = tally.duplicates.has(`${iface} ${address}`);
    if (dad || is) yield sample(Number(is), joined(nameOf(config), labelled({ address })));
  }
}

function* presence({ config }: RouterState, { state: { links } }: Told): Generator<Sample> {
  const seen = new Set<string>();
  for (const { address, interface: iface } of heldBy(config).addresses) {
    if (seen.has(address)) continue;
    seen.add(address);
    yield sample(
      Number(links[iface]?.addresses.includes(address) === true),
      joined(nameOf(config), labelled({ address })),
    );
  }
}

const COUNTED: readonly Row<Counted>[] = [
  [
    "heird_vrrp_state_seconds_total",
    "counter",
    "How long it was in each state.",
    ({ spent, state: is, since: begun }, config, { now }) =>
      STATES.map((state) =>
        sample(
          (spent[state] + (state === is ? since(begun, now) : 0)) / 1e6,
          joined(idOf(config), labelled({ state })),
        ),
      ),
  ],
  [
    "heird_vrrp_transitions_total",
    "counter",
    "Changes of state, and why.",
    function* ({ transitions }, config) {
      for (const [words, count] of [...transitions].sort()) {
        const [from = "", to = "", reason = ""] = words.split(" ");
        yield sample(count, joined(idOf(config), labelled({ from, to, reason })));
      }
    },
  ],
  [
    "heird_vrrp_adverts_sent_total",
    "counter",
    "Advertisements that were due; those the kernel refused among them.",
    counter(({ sent }) => sent),
  ],
  [
    "heird_vrrp_adverts_received_total",
    "counter",
    "Valid advertisements; unchanged: it told nothing new, as the repeated one of a weaker router.",
    ({ heard }, config) => HEARD.map((result) => sample(heard[result], joined(idOf(config), labelled({ result })))),
  ],
  ["heird_vrrp_priority_zero_sent_total", "counter", "Resignations sent.", counter(({ zeroSent }) => zeroSent)],
  ["heird_vrrp_priority_zero_received_total", "counter", "Resignations heard.", counter(({ zeroHeard }) => zeroHeard)],
  [
    "heird_vrrp_dual_master_observations_total",
    "counter",
    "Others who began to speak for it while it was Master, believed or refused.",
    counter(({ rivals }) => rivals),
  ],
  [
    "heird_vrrp_dual_master_seconds_total",
    "counter",
    "How long others who are believed were heard while it was Master, from sighting to sighting, to about a second.",
    counter(({ contested }) => contested / 1e6),
  ],
  [
    "heird_vip_drift_total",
    "counter",
    "Addresses that somebody else took away from the Master.",
    ({ lost }, config) => [sample(lost, joined(nameOf(config), 'kind="missing"'))],
  ],
  [
    "heird_effect_failures_total",
    "counter",
    "What the kernel or a program did not do; advertisements have a figure of their own.",
    function* ({ failures }, config) {
      for (const [effect, count] of [...failures].sort())
        yield sample(count, joined(idOf(config), labelled({ effect })));
    },
  ],
  [
    "heird_failover_phase_seconds",
    "histogram",
    "On becoming Master: silence, late timer, addresses, first announcement, first hook; total from silence to announcement.",
    function* ({ takeOver: { steps } }, config) {
      for (const phase of STEPS) yield* spread(steps[phase], joined(nameOf(config), labelled({ phase })));
    },
  ],
  [
    "heird_notify_runs_total",
    "counter",
    "Hooks that are over, by how they ended.",
    function* ({ hooks }, config) {
      for (const [words, count] of [...hooks].sort()) {
        const [event = "", result = ""] = words.split(" ");
        yield sample(count, joined(nameOf(config), labelled({ event, result })));
      }
    },
  ],
  [
    "heird_notify_duration_seconds",
    "histogram",
    "How long hooks took.",
    ({ hookTook }, config) => spread(hookTook, nameOf(config)),
  ],
  [
    "heird_notify_lag_seconds",
    "histogram",
    "How long hooks waited for their turn.",
    ({ hookQueued }, config) => spread(hookQueued, nameOf(config)),
  ],
];

/** Everything that folding the log gives. */
export function* foldFamilies(told: Told): Generator<Family> {
  for (const [name, type, help, of] of VRRP)
    yield { name, type, help, samples: each(told.state.routers, (router) => of(router, told)) };
  for (const [name, type, help, of] of COUNTED)
    yield {
      name,
      type,
      help,
      samples: each(told.state.routers, ({ config }) => {
        const tally = told.tally.routers.get(config.key);
        return tally === undefined ? [] : of(tally, config, told);
      }),
    };
  yield* checkFamilies(told);
  yield* linkFamilies(told);
  const { observations } = told.tally;
  yield {
    name: "heird_log_events_total",
    type: "counter",
    help: "What the log has heard, by kind.",
    samples: [...observations].sort().map(([type, count]) => sample(count, labelled({ type }))),
  };
}

function* each<T>(all: Iterable<T>, of: (one: T) => Iterable<Sample>): Generator<Sample> {
  for (const item of all) yield* of(item);
}

function* checkFamilies(told: Told): Generator<Family> {
  const { state, tally } = told;
  const checks = state.config.checks.flatMap(({ name }) => {
    const known = state.checks[name];
    return known === undefined ? [] : [{ check: labelled({ check: name }), known, counted: tally.checks.get(name) }];
  });
  const of = (samples: (check: (typeof checks)[number]) => Iterable<Sample>): Iterable<Sample> => each(checks, samples);
  yield {
    name: "heird_check_state",
    type: "gauge",
    help: "1 for what a check is, 0 for what it is not; a number is neither.",
    samples: of(({ check, known: { verdict } }) =>
      ["unknown", "up", "down"].map((state) => sample(Number(verdict === state), joined(check, labelled({ state })))),
    ),
  };
  yield {
    name: "heird_check_value",
    type: "gauge",
    help: "The number of a check that gives one.",
    samples: of(({ check, known: { value } }) => (value === null ? [] : [sample(value, check)])),
  };
  yield {
    name: "heird_check_last_change_timestamp_seconds",
    type: "gauge",
    help: "When it was judged otherwise the last time.",
    samples: of(({ check, known }) => [sample(wallOf(told, known.since), check)]),
  };
  yield {
    name: "heird_check_runs_total",
    type: "counter",
    help: "Answers of a check.",
    samples: of(({ check, counted }) => [
      sample(counted?.passed ?? 0, joined(check, 'result="pass"')),
      sample(counted?.failed ?? 0, joined(check, 'result="fail"')),
    ]),
  };
  yield {
    name: "heird_check_skipped_total",
    type: "counter",
    help: "Runs that were left out because the one before was not over.",
    samples: of(({ check, counted }) => [sample(counted?.skipped ?? 0, check)]),
  };
}

function* linkFamilies({ state, tally }: Told): Generator<Family> {
  const names = [...concerned(state.config)];
  yield {
    name: "heird_link_up",
    type: "gauge",
    help: "Whether a link is up, as its routers believe.",
    samples: names.map((name) => sample(Number(state.links[name]?.up === true), labelled({ interface: name }))),
  };
  yield {
    name: "heird_link_changes_total",
    type: "counter",
    help: "How often a link changed.",
    samples: names.map((name) => sample(tally.links.get(name) ?? 0, labelled({ interface: name }))),
  };
}
