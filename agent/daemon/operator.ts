// What operators ask of a running daemon: whom it is about, whether it can be done, and when it is done.

import { closest } from "../../config/near.ts";
import type { Actor } from "../core/actor.ts";
import type { Operation } from "../core/command.ts";
import type { AgentConfig, RouterKey } from "../core/config.ts";
import { hindersPromotion, meantBy } from "../core/drain.ts";
import { failureInWords } from "../core/event.ts";
import { type AgentState, type RouterState, routerOf, type Turn } from "../core/state.ts";
import { type Instant, milliseconds } from "../core/time.ts";
import type { Details } from "../operate/control.ts";
import { isRelieved, type OperationOutcome, operatedRouters } from "../operate/operation.ts";

export type Asked = Pick<Details, "vr" | "lasts" | "reason" | "wait" | "timeout">;

export type Operator = {
  readonly ask: (what: Operation["type"], asked: Asked, by: Actor | undefined) => Promise<OperationOutcome>;
  /** Must see every turn, to know when somebody else has taken over. */
  readonly watch: (turn: Turn) => void;
};

/** What it needs of the daemon around it. */
export type Surroundings = {
  readonly state: () => AgentState;
  readonly now: () => Instant;
  readonly operate: (command: Operation, by: Actor | undefined) => void;
  /** Resolves when every effect so far is done. */
  readonly idle: () => Promise<void>;
  /** Calls back after so many ms, unless what it gives is called before. */
  readonly later: (act: () => void, ms: number) => () => void;
};

type Watching = { readonly failures: string[]; look: () => void };

export function createOperator({ state, now, operate, idle, later }: Surroundings): Operator {
  const watching = new Set<Watching>();

  /** Whether each of them was relieved in time. */
  const relieved = (keys: readonly RouterKey[], one: Watching, ms: number): Promise<boolean> =>
    new Promise((resolve) => {
      const over = (ended: boolean): void => {
        cancel();
        one.look = () => {};
        resolve(ended);
      };
      const cancel = later(() => over(false), ms);
      one.look = () => {
        if (keys.every((key) => isFree(routerOf(state(), key)))) over(true);
      };
      one.look();
    });

  const ask = async (what: Operation["type"], asked: Asked, by: Actor | undefined): Promise<OperationOutcome> => {
    const considered = consider(state(), what, asked, now());
    if ("outcome" in considered) return considered;
    const { command, meant } = considered;
    const one: Watching = { failures: [], look: () => {} };
    watching.add(one);
    operate(command, by);
    let inTime = true;
    if (what === "drain" && asked.wait === true) {
      await idle();
      const keys = meant.map(({ config: { key } }) => key);
      inTime = await relieved(keys, one, asked.timeout ?? patienceWith(meant));
    }
    watching.delete(one);
    const outcome = inTime ? "done" : "timeout";
    const routers = operatedRouters(meant, state(), now());
    return { schema: 1, outcome, says: inTime ? null : unrelieved(meant, state()), routers, failures: one.failures };
  };

  return {
    ask,
    watch: ({ before, state: { routers }, event: { seen } }) => {
      if (watching.size === 0) return;
      for (const one of watching) {
        if (seen.type === "effectFailed") one.failures.push(failureInWords(seen));
        if (before.routers !== routers) one.look();
      }
    },
  };
}

/** The command and whom it is about, or why nothing is to be done. */
function consider(
  state: AgentState,
  what: Operation["type"],
  asked: Asked,
  now: Instant,
): OperationOutcome | { readonly command: Operation; readonly meant: readonly RouterState[] } {
  const named = keysOf(state.config, asked.vr);
  if (named !== null && named.length === 0) return nothing("unknown", stranger(state.config, asked.vr ?? ""));
  const command = commandOf(what, asked, named);
  if (command === null) return nothing("refused", "promote takes the name of a virtual router");
  const why = command.type === "promote" ? hindersPromotion(state, command.routers) : null;
  if (why !== null) return nothing("refused", why);
  const meant = state.routers.filter(meantBy(state.config, named));
  if (meant.every((router) => inVain(command, router)))
    return { ...nothing("unchanged", null), routers: operatedRouters(meant, state, now) };
  return { command, meant };
}

const isFree = (router: RouterState | undefined): boolean => router === undefined || isRelieved(router);

const nothing = (outcome: OperationOutcome["outcome"], says: string | null): OperationOutcome => ({
  schema: 1,
  outcome,
  says,
  routers: [],
  failures: [],
});

/** The routers of a name, or of a key; null for all of them. */
function keysOf({ routers }: AgentConfig, vr: string | undefined): readonly RouterKey[] | null {
  if (vr === undefined) return routers.length === 0 ? [] : null;
  return routers.filter(({ name, key }) => name === vr || key === vr).map(({ key }) => key);
}

function stranger({ routers }: AgentConfig, vr: string): string {
  if (routers.length === 0) return "there are no virtual routers";
  const names = [...new Set(routers.map(({ name }) => name))];
  const near = closest(vr, names);
  const help = near === undefined ? `there are ${some(names)}` : `did you mean ${near}?`;
  return `there is no virtual router ${vr}; ${help}`;
}

const MANY = 12;
const some = (names: readonly string[]): string =>
  names.length <= MANY ? names.join(", ") : `${names.slice(0, MANY).join(", ")} and ${names.length - MANY} more`;

/** Longer than this is no reason but a story; it stands in the log, and in each copy of it. */
const LONGEST_REASON = 200;

/** On one line. */
const reasonIn = (text: string): string =>
  text
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, LONGEST_REASON);

function commandOf(
  what: Operation["type"],
  { lasts, reason = "" }: Asked,
  routers: readonly RouterKey[] | null,
): Operation | null {
  switch (what) {
    case "drain":
      return { type: what, routers, lasts: lasts === undefined ? null : milliseconds(lasts), reason: reasonIn(reason) };
    case "resume":
      return { type: what, routers };
    case "promote":
      return routers === null ? null : { type: what, routers, reason: reasonIn(reason) };
  }
}

/** What is so already need not be asked for. Another drain may give another reason, or another time. */
function inVain({ type }: Operation, { drained, phase }: RouterState): boolean {
  if (type === "resume") return drained === null;
  return type === "promote" && phase.name === "master";
}

/** Whoever is there takes over within the longest Master_Down_Interval that a router of this VRID can have; and a second. */
const patienceWith = (meant: readonly RouterState[]): number =>
  Math.max(0, ...meant.map(({ config }) => longestDown(config))) + 1_000;

/** ms; Skew_Time is less than one interval, and of version 2 less than a second. */
const longestDown = ({ version, adverInterval, downTimerAdverts }: RouterState["config"]): number =>
  (downTimerAdverts * adverInterval + (version === 2 ? 1_000_000 : adverInterval)) / 1_000;

function unrelieved(meant: readonly RouterState[], state: AgentState): string {
  const names = meant.filter(({ config: { key } }) => !isFree(routerOf(state, key))).map(({ config }) => config.name);
  return `drained, but nobody else was heard as Master of ${some(names)} in time: the addresses may be nowhere`;
}
