// One line of a log as a sentence, and what it is about.

import { askedBy } from "../core/actor.ts";
import { type Run, saidIn } from "../core/check.ts";
import { commandInWords } from "../core/command.ts";
import { missedInWords, type Observation } from "../core/event.ts";
import { type Duration, inSeconds } from "../core/time.ts";
import type { Line, Mark, Window } from "../log/line.ts";

/** What `--type` selects by: the kind of a line, or of what was seen. */
export function kindOf(line: Line): string {
  return line.type === "event" ? line.seen.type : line.type;
}

/** The router, interface or thing that a line is about; empty when it is the whole daemon. */
export function subjectOf(line: Line): string {
  if (line.type === "window") return line.window.kind === "answers" ? line.window.check : line.window.router;
  if (line.type === "mark") return line.name;
  return line.type === "event" ? subjectSeen(line.seen) : "";
}

function subjectSeen(seen: Observation): string {
  if ("router" in seen && seen.router !== null) return seen.router;
  if ("interface" in seen) return seen.interface;
  if ("check" in seen) return seen.check;
  if (seen.type === "linkChanged") return seen.link.name;
  return seen.type === "waitOver" ? (seen.link ?? "") : "";
}

/** A line, told. */
export function sentenceOf(line: Line): string {
  switch (line.type) {
    case "header":
      return headerSentence(line);
    case "mark":
      return transition(line);
    case "window":
      return windowSentence(line.window);
    case "snapshot":
      return "the state was written down";
    case "event":
      return seenSentence(line.seen);
  }
}

function headerSentence(line: Extract<Line, { type: "header" }>): string {
  const what = line.start ? `heird ${line.version} begins on ${line.node}` : `segment ${line.segment}`;
  return line.lost > 0 ? `${what}; ${line.lost} line(s) before it are lost` : what;
}

const transition = ({ from, phase, because }: Mark): string =>
  `${from.toUpperCase()} -> ${phase.toUpperCase()} (${because})`;

function windowSentence(window: Window): string {
  if (window.kind === "answers")
    return `${window.ok ? "was good" : "failed"} ${times(window.count)} more, ${inMilliseconds(window.slowest)} at most`;
  const { kind, count, minGap, maxGap, advert } = window;
  const gaps = count > 1 ? `, ${inSeconds(minGap)} to ${inSeconds(maxGap)} apart` : "";
  if (advert === null) return `advertised ${times(count)} on time${gaps}`;
  const effect = kind === "accepted" ? "and waited on" : "which changed nothing";
  return `heard priority ${advert.priority} from ${advert.source} ${times(count)}, ${effect}${gaps}`;
}

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function seenSentence(seen: Observation): string {
  switch (seen.type) {
    case "commanded":
      return `${commandInWords(seen.command)}${askedBy(seen.by)}`;
    case "configured":
      return `configured with ${seen.config.routers.length} instance(s)${askedBy(seen.by)}`;
    case "advertReceived":
      return `heard priority ${seen.advert.priority} from ${seen.advert.source}`;
    case "advertDropped":
      return `refused ${seen.count} datagram(s) from ${seen.source} (${seen.reason}): ${seen.detail}`;
    case "linkChanged":
      return seen.link.index === 0 ? "is gone" : `is ${seen.link.up ? "up" : "down"}`;
    case "addressesChanged":
      return [...seen.added.map((one) => `+${one}`), ...seen.removed.map((one) => `-${one}`)].join(" ");
    case "addressClaimed":
      return `somebody else at ${seen.mac} claims ${seen.address}`;
    case "addressDuplicate":
      return `${seen.address} is not used, as somebody else has it`;
    case "pathsLost":
      return `${seen.by === "" ? "somebody else" : seen.by} took away ${seen.paths.join("; ")}`;
    case "hookBegan":
      return `${seen.hook} began${seen.attempt > 1 ? `, attempt ${seen.attempt}` : ""}`;
    case "hookEnded":
      return `${seen.hook} ${seen.outcome}: ${seen.detail} (took ${inMilliseconds(seen.took)}, queued ${inMilliseconds(seen.queued)})`;
    case "fifoMissed":
      return missedInWords(seen);
    case "deadlineReached":
      return "time was up";
    case "busyAhead":
      return "work that takes long was ahead: who was due meanwhile advertised before it";
    case "waitOver":
      return seen.link === null ? "the delay of the startup is over" : "has stayed as it is for its delay";
    case "drainOver":
      return "the time is over that routers were drained for";
    case "checkReported":
      return runSentence(seen.run);
    case "checkDue":
      return "time changed what is believed of it";
    case "effectDone":
      return `${seen.effect}: ${seen.detail} in ${inMilliseconds(seen.took)}`;
    case "effectFailed":
      return `${seen.effect} failed: ${seen.error}`;
  }
}

function runSentence(run: Run): string {
  const { ok, took, queued, skipped } = run;
  const waited = queued > 0 ? `, waited ${inMilliseconds(queued)}` : "";
  const left = skipped > 0 ? `, ${skipped} run(s) left out before it` : "";
  return `${ok ? "good" : "failed"}: ${saidIn(run)} (took ${inMilliseconds(took)}${waited}${left})`;
}

/** `1.5 ms`, `212 ms`: what people compare. */
export function inMilliseconds(span: Duration): string {
  const ms = span / 1_000;
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`;
}
