// The log for people: one line per change of phase, per failure and per new problem, never one per
// packet. The event log is the record; this is what scrolls by.

import { fstatSync } from "node:fs";
import { type Logger, pino } from "pino";
import { askedBy } from "../core/actor.ts";
import { limitInWords } from "../core/backup.ts";
import { commandInWords } from "../core/command.ts";
import { linkOf } from "../core/config.ts";
import { failureInWords, missedInWords, type Observation } from "../core/event.ts";
import { heldBy } from "../core/holdings.ts";
import { takenAway } from "../core/link.ts";
import { virtualAddressesOn } from "../core/primary.ts";
import { isContested, isOtherOwner } from "../core/rival.ts";
import { type AgentState, effectivePriority, type RouterState, routerOf, type Turn } from "../core/state.ts";
import { inSeconds } from "../core/time.ts";
import { marksOf } from "../log/event-log.ts";
import { openSink } from "./sink.ts";

export type Journal = Logger;

/** Writes to stderr: pretty on a terminal, JSON lines otherwise; never waits for whoever reads. */
export async function openJournal(level: string): Promise<Journal> {
  const sink = openSink(2, open);
  if (!mayBeTerminal() || !process.stderr.isTTY) return pino({ level, timestamp: pino.stdTimeFunctions.isoTime }, sink);
  const { prettyFactory } = await import("pino-pretty");
  const pretty = prettyFactory({ ignore: "pid,hostname", translateTime: "HH:MM:ss.l" });
  return pino({ level }, { ...sink, write: (line) => sink.write(pretty(line)) });
}

/** Touching it makes a pipe non-blocking; a reader that went away must not take the daemon with it. */
const open = (): void => void process.stderr.on("error", () => {});

/** Of what is none stderr need not be touched, which loads what Node.js has for networks: 3 ms of a start. */
function mayBeTerminal(): boolean {
  try {
    return fstatSync(2).isCharacterDevice();
  } catch {
    return true;
  }
}

/** Tells a turn. */
export function tell(journal: Journal, turn: Turn): void {
  for (const { name, router, from, phase, because } of marksOf(turn)) {
    const moved = routerOf(turn.state, router);
    const priority = moved === undefined ? undefined : effectivePriority(moved);
    journal.info(
      { instance: name, router, from, to: phase, because, priority },
      `${name}: ${from} -> ${phase} (${because})`,
    );
  }
  // Of time there is nothing else to say, and there are thousands of deadlines a second.
  if (turn.event.seen.type === "deadlineReached") return;
  tellSeen(journal, turn.state, turn.event.seen);
  tellCompany(journal, turn);
  tellLoss(journal, turn);
  tellRival(journal, turn);
  tellLimit(journal, turn);
  tellCheck(journal, turn);
}

/** A second Master, told when it stays one; not each time it is heard. */
function tellRival(journal: Journal, { before, state, event: { seen } }: Turn): void {
  if (seen.type !== "advertReceived") return;
  const router = routerOf(state, seen.router);
  const rival = router?.rival ?? null;
  const was = routerOf(before, seen.router);
  if (router === undefined || rival === null || router === was || !isWrong(router)) return;
  const known = was?.rival;
  if (known?.source === rival.source && known.first === rival.first && isWrong(was ?? router)) return;
  const { name } = router.config;
  const looped = rival.source === router.primaryAddress;
  const what = looped
    ? `its own address ${rival.source}: a loop, or a duplicate address`
    : `${rival.source}, with priority ${rival.priority}`;
  journal.warn(
    { instance: name, router: seen.router, ...rival },
    `${name}: split brain suspected: two Masters, heard ${what}`,
  );
}

const isWrong = (router: RouterState): boolean => isContested(router) || isOtherOwner(router);

/** A Master too often: told once each time that it holds back. */
function tellLimit(journal: Journal, { before, state, event: { at, seen } }: Turn): void {
  if (seen.type !== "advertReceived" || before.routers === state.routers) return;
  const router = routerOf(state, seen.router);
  const was = routerOf(before, seen.router)?.phase;
  if (router?.phase.name !== "backup" || router.phase.limitedUntil === null) return;
  if (was?.name === "backup" && was.limitedUntil === router.phase.limitedUntil) return;
  const sentence = limitInWords(router.config, router.phase, at);
  const { name, key } = router.config;
  if (sentence !== null)
    journal.warn({ instance: name, router: key, master: seen.advert.source }, `${name}: ${sentence}`);
}

/** One line when a check is judged otherwise than before, with the answer that did it. */
function tellCheck(journal: Journal, { before, state, event: { seen } }: Turn): void {
  if (seen.type !== "checkReported" && seen.type !== "checkDue") return;
  const [was, is] = [before.checks[seen.check], state.checks[seen.check]];
  if (was === undefined || is === undefined || was.verdict === is.verdict) return;
  const row = `${is.streak} ${is.ok === true ? "good" : "bad"} in a row`;
  const because = is.said === "" ? row : `${row}, the last: ${is.said}`;
  journal[is.verdict === "down" ? "warn" : "info"](
    { check: seen.check, from: was.verdict, to: is.verdict, streak: is.streak, said: is.said },
    `${seen.check}: ${was.verdict} -> ${is.verdict} (${because})`,
  );
}

function tellSeen(journal: Journal, state: AgentState, seen: Observation): void {
  switch (seen.type) {
    case "effectFailed":
      journal.error({ router: seen.router, effect: seen.effect }, failureInWords(seen));
      return;
    case "effectDone":
      journal[seen.effect === "sendAdvert" ? "info" : "debug"](
        seen,
        `${seen.router}: ${seen.effect}: ${seen.detail} in ${inSeconds(seen.took)}`,
      );
      return;
    case "advertDropped":
      journal.warn(
        seen,
        `advertisement from ${seen.source} on ${seen.interface} refused (${seen.reason}): ${seen.detail}`,
      );
      return;
    case "addressClaimed":
      journal.warn(
        seen,
        `somebody else at MAC ${seen.mac} on ${seen.interface} claims ${seen.address}${seen.count === 1 ? "" : `, ${seen.count} times`}`,
      );
      return;
    case "addressDuplicate":
      // Other people's addresses on other links are other people's business.
      journal[concerns(state, seen.interface) || isVirtual(state, seen) ? "warn" : "debug"](
        seen,
        `${seen.address} on ${seen.interface} is not used: somebody else on the link has it (duplicate address detection failed)`,
      );
      return;
    case "pathsLost":
      journal.warn(seen, `${seen.by === "" ? "somebody else" : seen.by} took away ${seen.paths.join("; ")}`);
      return;
    case "linkChanged":
      // Containers come and go with links that no router is on.
      journal[concerns(state, seen.link.name) ? "info" : "debug"](
        seen.link,
        `${seen.link.name} is ${linkWord(seen.link)}`,
      );
      return;
    case "configured":
      journal.info(
        { instances: seen.config.routers.length, by: seen.by ?? null },
        `configured: ${seen.config.routers.length} instance(s)${askedBy(seen.by)}`,
      );
      return;
    case "commanded":
      journal.info({ ...seen.command, by: seen.by ?? null }, `${commandInWords(seen.command)}${askedBy(seen.by)}`);
      return;
    case "hookEnded":
      tellHook(journal, seen);
      return;
    case "fifoMissed":
      journal.warn(seen, missedInWords(seen));
      return;
    case "hookBegan":
    case "addressesChanged":
    case "advertReceived":
    case "deadlineReached":
    case "busyAhead":
    case "checkReported":
    case "checkDue":
    case "waitOver":
    case "drainOver":
      return;
  }
}

/** What a hook said is in the event log; here stands how it went, loudly when it did not. */
function tellHook(journal: Journal, seen: Extract<Observation, { type: "hookEnded" }>): void {
  const { event, hook, router, attempt, outcome, detail, final, queued, took } = seen;
  const fields = { event, hook, router, attempt, outcome, detail, final };
  const sentence = `${router}: ${hook} ${outcome.replace("_", " ")}: ${detail} (waited ${inSeconds(queued)}, took ${inSeconds(took)})`;
  if (outcome === "done") journal.debug(fields, sentence);
  else if (outcome === "superseded") journal.info(fields, sentence);
  else journal.warn(fields, final ? sentence : `${sentence}; it is tried again`);
}

/** What is gone of what we hold, and who took it. */
function tellLoss(journal: Journal, { before, event: { seen } }: Turn): void {
  if (seen.type !== "addressesChanged" || seen.removed.length === 0) return;
  const masters = before.routers.filter(({ phase }) => phase.name === "master").map(({ config }) => heldBy(config));
  const held = new Set(
    [...masters, ...(before.running ? [before.config.statics] : [])]
      .flatMap(({ addresses }) => addresses)
      .flatMap((own) => (own.interface === seen.interface ? [own.address] : [])),
  );
  const gone = takenAway(before.links, seen).filter((address) => held.has(address));
  if (gone.length === 0) return;
  const { by } = seen;
  journal.warn(
    { interface: seen.interface, addresses: gone, by: by ?? null },
    by === undefined
      ? `${gone.join(", ")} went from ${seen.interface}, and not because of heird`
      : `${by} took ${gone.join(", ")} away from ${seen.interface}`,
  );
}

const concerns = ({ config }: AgentState, iface: string): boolean =>
  config.routers.some((router) => linkOf(router) === iface);

const isVirtual = ({ config }: AgentState, { interface: iface, address }: Duplicate): boolean =>
  virtualAddressesOn(config, iface).has(address);

type Duplicate = Extract<Observation, { type: "addressDuplicate" }>;

const linkWord = ({ index, up }: { index: number; up: boolean }): string => {
  if (index === 0) return "gone";
  return up ? "up" : "down";
};

/** What a neighbour does differently, once each time it does something else; and who contradicts a Master. */
function tellCompany(journal: Journal, { before, state, event: { seen } }: Turn): void {
  if (before.routers === state.routers || (seen.type !== "advertReceived" && seen.type !== "advertDropped")) return;
  const router = seen.router === null ? undefined : routerOf(state, seen.router);
  const was = router && routerOf(before, router.config.key);
  if (router === undefined || was === undefined) return;
  tellNeighbours(journal, was, router);
  const { refused, config } = router;
  if (refused !== null && refused !== was.refused)
    journal.warn(
      { instance: config.name, router: config.key, ...refused },
      `${config.name}: split brain suspected: ${refused.source} speaks for VRID ${config.vrid}, too, and is refused: ${refused.field} differs (${refused.detail})`,
    );
}

function tellNeighbours(journal: Journal, was: RouterState, { config, neighbours }: RouterState): void {
  const [met] = neighbours;
  if (neighbours === was.neighbours || met === undefined) return;
  if (config.version === 3 && config.family === "ipv4" && met.checksum !== config.v3Checksum)
    journal.info(
      { instance: config.name, ...met },
      `${config.name}: ${met.address} sends the checksum ${met.checksum === "plain" ? "without" : "with"} pseudo-header, and this router ${met.checksum === "plain" ? "with" : "without"}; both are accepted`,
    );
  if (!met.sameAddresses)
    journal.warn(
      { instance: config.name, ...met },
      `${config.name}: ${met.address} advertises other addresses than are configured here; write the same on both`,
    );
}
