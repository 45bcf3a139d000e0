// What led to a turn, in words for people: the cause that hooks, URLs and mails are told.

import { askedBy } from "./actor.ts";
import { saidIn } from "./check.ts";
import { commandInWords } from "./command.ts";
import type { Cause } from "./effect.ts";
import type { Observation } from "./event.ts";
import type { AgentState, Phase, RouterState, Turn } from "./state.ts";

/** The oldest first, as far as this turn alone can tell. */
export function causeOf(turn: Turn, was: RouterState | null): readonly Cause[] {
  const { seen, at } = turn.event;
  if (seen.type === "deadlineReached" && was?.phase.name === "backup")
    return [...heardBefore(was.phase), { at, what: "time was up" }];
  return [{ at, what: inWords(seen, turn) }];
}

function heardBefore(phase: Extract<Phase, { name: "backup" }>): readonly Cause[] {
  const { heard, heardAt } = phase;
  return heard === null ? [] : [{ at: heardAt, what: `${heard.source} advertised priority ${heard.priority}` }];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\0-\x1f\x7f]+/g;

function inWords(seen: Observation, { state }: Turn): string {
  switch (seen.type) {
    case "advertReceived":
      return `${seen.advert.source} advertised priority ${seen.advert.priority}`;
    case "linkChanged":
      return `link ${seen.link.name} ${seen.link.up ? "up" : "down"}`;
    case "addressesChanged":
      return `addresses of ${seen.interface}: ${[...seen.added.map((one) => `+${one}`), ...seen.removed.map((one) => `-${one}`)].join(" ")}`;
    case "pathsLost":
      return `${seen.by === "" ? "somebody else" : seen.by} took away ${seen.paths.join("; ")}`;
    case "commanded":
      return `${commandInWords(seen.command)}${askedBy(seen.by)}`;
    case "configured":
      return `a new configuration${askedBy(seen.by)}`;
    case "checkReported":
      return answerInWords(seen, state);
    case "checkDue":
      return `time changed what is believed of ${seen.check}`;
    case "waitOver":
      return seen.link === null
        ? "the delay of the startup is over"
        : `link ${seen.link} stayed as it is for its delay`;
    case "drainOver":
      return "the time is over that it was drained for";
    case "deadlineReached":
      return "time was up";
    default:
      return seen.type;
  }
}

function answerInWords(
  { check, run }: Extract<Observation, { type: "checkReported" }>,
  { checks }: AgentState,
): string {
  const { ok, value } = run;
  // A number is believed at once, however many came before it.
  const streak = value === null ? (checks[check]?.streak ?? 1) : 1;
  // What a server said must not be a line of its own in a mail, nor end a variable.
  const plain = saidIn(run).replace(CONTROL, " ");
  return `${check} ${ok ? "good" : "failed"}: ${plain}${streak > 1 ? ` (${streak} in a row)` : ""}`;
}
