// The scenes of the demo, in their order. Each one waits for what has to happen, on the wire and in the
// kernels, and tells it; what does not happen, or happens too early, ends the demo.

import type { Heird } from "../netns/heird.ts";
import type { Packet } from "../netns/packet.ts";
import { advertFrom, announcementOf, claimFrom, lastBefore, resignationFrom, wallClock } from "../netns/wire.ts";
import { answeredInTime, type Losses, lossesIn } from "./losses.ts";
import { ms } from "./screen.ts";
import { INTERVAL, type Router, type Stage, VIRTUAL } from "./stage.ts";

// RFC 3768 §6.1, in µs, at an Advertisement_Interval of 1 s:
//   priority 100: Skew_Time = (256 - 100) / 256 s = 0.609375 s,   Master_Down_Interval = 3.609375 s
//   priority 50:  Skew_Time = (256 - 50) / 256 s  = 0.8046875 s,  Master_Down_Interval = 3.8046875 s
const SKEW = { rt1: 609_375, rt2: 804_687 } as const;
const DOWN = { rt1: 3_609_375, rt2: 3_804_687 } as const;

/** In µs: what a take-over may be late by, and what two clocks that are read one after the other differ by. */
const PROMISED = 20_000;
/** In µs: later than this nobody would call it a take-over in time, on the busiest of machines. */
const HOPELESS = 1_000_000;
const READING = 1_000;
/** In µs: so long after an announcement the client is still counted, and so long after that it is watched. */
const SETTLING = 200_000;

/** The two files, and what follows from them. */
export function introduce({ screen, rt1, rt2 }: Stage, folder: string): void {
  const row = ({ host, source, priority }: Router, skew: number, down: number): string => {
    const strength = String(priority).padStart(3);
    const worked = `(256 - ${strength})/256 s = ${ms(skew)}     3 s + ${ms(skew)} = ${ms(down)}`;
    return `  ${host.name}     ${source}       ${strength}     ${worked}`;
  };
  screen.text(`heird demo: two routers share ${VIRTUAL}, and a client asks it every ${INTERVAL} ms who answers.`);
  screen.text(`The sample pair is in ${folder}; it means VRRPv2 with an advert every second.`);
  screen.text("");
  screen.text("  router  address       priority     Skew_Time                      Master_Down_Interval");
  screen.text(row(rt1, SKEW.rt1, DOWN.rt1));
  screen.text(row(rt2, SKEW.rt2, DOWN.rt2));
}

/** Both begin as Backups; the stronger one waits less, and the weaker one says nothing. */
export async function election(stage: Stage, folder: string): Promise<{ readonly rt1: Heird; readonly rt2: Heird }> {
  const { screen, rt1, rt2 } = stage;
  const began = wallClock();
  screen.startClock(began);
  screen.chapter(began, "Start; each begins as a Backup and listens");
  const one = await stage.start(rt1);
  const two = await stage.start(rt2);
  const warning = await stage.until("rt2 says that a brace is missing", () => spoken(two, "never closed"));
  screen.row({ at: warning.at, who: "rt2", text: `says: ${warning.text.replace(`${folder}/`, "")}` });
  const claim = await stage.packet("rt1 advertises", claimFrom(rt1.source));
  await becameMaster(stage, claim, "is Master");
  await stage.until("rt1 holds the address and rt2 does not", async () => await isOnlyOn(rt1, rt2));
  await stage.until("the client is answered by rt1", () => isServedBy(stage, "rt1", claim.at));
  const told = await stage.until("heird status tells one Master and one Backup", async () => {
    const [mine, theirs] = [(await one.status()).instances[0], (await two.status()).instances[0]];
    const agreed = mine?.state === "master" && theirs?.state === "backup" && theirs.master?.address === rt1.source;
    return agreed && { mine: mine.priority, theirs: theirs.master };
  });
  const words = `heird status: rt1 MASTER (priority ${told.mine}), rt2 BACKUP (Master is ${told.theirs?.address})`;
  screen.row({ at: wallClock(), who: "both", text: words });
  if (stage.packets().some(advertFrom(rt2.source))) throw new Error("rt2 advertised although rt1 is stronger");
  return { rt1: one, rt2: two };
}

/** The daemon dies and its kernel does not. */
export async function crash(stage: Stage, node: Heird): Promise<void> {
  const { screen, rt1, rt2 } = stage;
  const since = wallClock();
  screen.chapter(since, "SIGKILL of the Master; its kernel goes on answering");
  await stage.stop(node, "SIGKILL");
  const last = (claim: Packet) => lastBefore(stage.packets(), claim.at, claimFrom(rt1.source));
  const losses = await takeOver(stage, { since, from: last, what: "rt1's last", due: DOWN.rt2 });
  client(stage, losses, whoAnswered(losses));
  if (!((await rt1.host.holds(VIRTUAL)) && (await rt2.host.holds(VIRTUAL))))
    throw new Error(`${VIRTUAL} is not on both routers, as a crash leaves it`);
  screen.row({
    at: wallClock(),
    who: "both",
    text: `${VIRTUAL} is on rt1 and on rt2: this is what a crash leaves behind`,
  });
}

/** The dead one is started again: it takes away what it left, waits, and takes back what is its own. */
export async function comeback(stage: Stage): Promise<Heird> {
  const { screen, rt1 } = stage;
  const since = wallClock();
  screen.chapter(since, "rt1 is started again, and takes back what is its own");
  const node = await stage.start(rt1);
  const removal = await stage.until("rt1 says what it removed", () => spoken(node, "removed"));
  screen.row({ at: removal.at, who: "rt1", text: `says: ${removal.text}` });
  await freed(stage, since);
  await preemption(stage, since);
  return node;
}

/** The whole machine goes: nobody answers until the other one has the address. */
export async function outage(stage: Stage, node: Heird): Promise<Heird> {
  const { screen, rt1 } = stage;
  const since = wallClock();
  screen.chapter(since, "SIGKILL of the Master, and its cable out; nobody answers");
  await Promise.all([stage.stop(node, "SIGKILL"), rt1.host.unplug()]);
  const last = (claim: Packet) => lastBefore(stage.packets(), claim.at, claimFrom(rt1.source));
  const losses = await takeOver(stage, { since, from: last, what: "rt1's last", due: DOWN.rt2 });
  client(stage, losses, `nobody answered for ${ms(losses.silence)}`);
  const { code, stdout, stderr } = await rt1.home.cleanup();
  if (code !== 0 || (await rt1.host.holds(VIRTUAL)))
    throw new Error(`heird cleanup left ${VIRTUAL} on rt1 (exit code ${code}): ${stderr}`);
  screen.row({ at: wallClock(), who: "rt1", text: `heird cleanup, before the cable is back: ${stdout.trim()}` });
  await rt1.host.plug();
  const back = wallClock();
  const again = await stage.start(rt1);
  await freed(stage, back);
  await preemption(stage, back);
  return again;
}

/** A clean end: the Master says so, and only the head start is left to wait. */
export async function cleanEnd(stage: Stage, one: Heird, two: Heird): Promise<void> {
  const { screen, rt1, rt2 } = stage;
  const since = wallClock();
  screen.chapter(since, "SIGTERM of the Master; rt2 waits for Skew_Time only");
  const { code } = await stage.stop(one, "SIGTERM");
  if (code !== 0) throw new Error(`heird on rt1 ended with code ${code} on SIGTERM`);
  const resigned = await stage.packet("rt1 resigns", (p) => p.at > since && resignationFrom(rt1.source)(p));
  if (await rt1.host.holds(VIRTUAL)) throw new Error(`rt1 still holds ${VIRTUAL} after a clean end`);
  screen.row({ at: resigned.at, who: "rt1", text: `advert with priority 0; ${VIRTUAL} removed; exit code 0` });
  const from = () => resigned.at;
  const losses = await takeOver(stage, { since: resigned.at, from, what: "that one", due: SKEW.rt2 });
  client(stage, losses, `nobody answered for ${ms(losses.silence)}`);
  const last = await stage.stop(two, "SIGTERM");
  if (last.code !== 0 || (await rt2.host.holds(VIRTUAL)))
    throw new Error(`heird on rt2 ended with code ${last.code}, and must leave no ${VIRTUAL} behind`);
  screen.row({ at: wallClock(), who: "rt2", text: `SIGTERM too: exit code 0, ${VIRTUAL} is nowhere any more` });
}

type Expectation = {
  readonly since: number;
  /** The moment from which rt2 waits, once its claim is known. */
  readonly from: (claim: Packet) => number;
  readonly what: string;
  /** How long it has to wait, in µs. */
  readonly due: number;
};

/** rt2 claims the address in time, announces it, holds it and answers the client. */
async function takeOver(stage: Stage, { since, from, what, due }: Expectation): Promise<Losses> {
  const { screen, rt2 } = stage;
  const claim = await stage.packet("rt2 advertises", (p) => p.at > since && claimFrom(rt2.source)(p));
  const took = claim.at - from(claim);
  if (took < due - READING || took > due + HOPELESS)
    throw new Error(`rt2 took over ${ms(took)} after ${what}; it must wait ${ms(due)}, and no longer`);
  const late = took > due + PROMISED;
  screen.row({
    at: claim.at,
    who: "rt2",
    text: `first advert after ${what}${late ? " (late: is the machine busy?)" : ""}`,
    measured: ms(took),
    due: ms(due),
    good: !late,
  });
  const told = await announcement(stage, rt2, claim);
  const after = told.at - claim.at;
  const text = `then gratuitous ARP: ${VIRTUAL} is at ${rt2.host.mac}`;
  screen.row({ at: told.at, who: "rt2", text, measured: ms(after), good: after <= PROMISED });
  await stage.until("rt2 holds the address", () => rt2.host.holds(VIRTUAL));
  const settled = told.at + SETTLING;
  await stage.until("the client is answered by rt2", () => isServedBy(stage, "rt2", settled + SETTLING));
  return lossesIn(stage.answers(), since, settled);
}

/** A Backup holds nothing, whatever a former life of it held, and says nothing. */
async function freed(stage: Stage, since: number): Promise<void> {
  const held = await stage.rt1.host.holds(VIRTUAL);
  const spoke = stage.packets().some((p) => p.at > since && claimFrom(stage.rt1.source)(p));
  if (held || spoke) throw new Error(`rt1 must not hold ${VIRTUAL} before it has waited for its time`);
}

/** rt1 is stronger than the Master it hears: it takes the address back, and rt2 lets go. */
async function preemption(stage: Stage, since: number): Promise<void> {
  const { rt1, rt2 } = stage;
  const claim = await stage.packet("rt1 advertises", (p) => p.at > since && claimFrom(rt1.source)(p));
  const told = await becameMaster(stage, claim, "preempts");
  await stage.until("rt1 holds the address and rt2 does not", async () => await isOnlyOn(rt1, rt2));
  const settled = told.at + SETTLING;
  await stage.until("the client is answered by rt1", () => isServedBy(stage, "rt1", settled + SETTLING));
  const losses = lossesIn(stage.answers(), since, settled);
  client(stage, losses, whoAnswered(losses));
}

/** rt1's first advert, and the announcement right behind it, as one row. */
async function becameMaster(stage: Stage, claim: Packet, what: string): Promise<Packet> {
  const found = await announcement(stage, stage.rt1, claim);
  const after = found.at - claim.at;
  const text = `${what}: advert with priority ${claim.vrrp?.priority}, gratuitous ARP after`;
  stage.screen.row({ at: claim.at, who: "rt1", text, measured: ms(after), good: after <= PROMISED });
  return found;
}

/** The first announcement of the address behind a claim, by the same station. */
async function announcement({ packet }: Stage, { host }: Router, claim: Packet): Promise<Packet> {
  const ours = announcementOf(VIRTUAL, host.mac);
  return packet(`${host.name} announces the address`, (p) => p.at >= claim.at && ours(p));
}

function client({ screen }: Stage, { asked, lost }: Losses, besides: string): void {
  screen.row({ who: "client", text: `questions lost: ${besides}`, measured: `${lost} of ${asked}`, good: lost === 0 });
}

const whoAnswered = ({ answeredBy }: Losses): string =>
  `rt1 answered ${answeredBy["rt1"] ?? 0}, rt2 answered ${answeredBy["rt2"] ?? 0}`;

const isOnlyOn = async (here: Router, there: Router): Promise<boolean> =>
  (await here.host.holds(VIRTUAL)) && !(await there.host.holds(VIRTUAL));

/** Whether a question asked after `since` was answered, and by this router. */
const isServedBy = ({ answers }: Stage, router: string, since: number): boolean =>
  answers().some((answer) => answer.askedAt > since && answer.by === router && answeredInTime(answer));

type Spoken = { readonly at: number; readonly text: string };

/** The first sentence of a daemon with these words in it: a line of its journal, as it stands there. */
function spoken({ stderr }: Heird, words: string): Spoken | undefined {
  for (const line of stderr().split("\n")) {
    if (!line.startsWith("{") || !line.includes(words)) continue;
    const { time, msg } = JSON.parse(line) as { readonly time: string; readonly msg: string };
    if (msg.includes(words)) return { at: Date.parse(time) * 1_000, text: msg };
  }
  return undefined;
}
