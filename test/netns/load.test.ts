// 200 native checks and 50 scripts, all once a second, beside 50 instances at 100 ms: how late advertisements are with
// them and without, in turns within one run, and what they cost.

import { describe, expect, test } from "vitest";
import type { CheckStatus } from "../../agent/operate/check-book.ts";
import { ask } from "../../agent/operate/control.ts";
import { textOf, threadsOf } from "../bench/processes.ts";
import type { Capture } from "./capture.ts";
import { crowdOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import type { Heird } from "./heird.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { claimFrom, wallClock } from "./wire.ts";

const SOURCE = "192.168.1.11";
const VRIDS = Array.from({ length: 50 }, (_, i) => i + 1);
/** Of each instance, before it is looked at and while it is. */
const SETTLING = 15;
const WATCHED = 40;

const SERVER = `
require("node:http").createServer((_, page) => page.end("fine")).listen(80, "127.0.0.1");
require("node:net").createServer((socket) => { socket.on("error", () => {}); socket.end("hello"); })
  .listen(81, "127.0.0.1", () => process.stdout.write("serving\\n"));
`;
const native = (i: number): string =>
  [`http http://127.0.0.1/${i}\nexpect_body fine`, "tcp 127.0.0.1 81\nexpect hello", "ping 127.0.0.1"][i % 3] ?? "";
const NATIVE = Array.from({ length: 200 }, (_, i) => `vrrp_check n${i} {\n${native(i)}\ninterval 1\n}`);
const SCRIPTS = Array.from({ length: 50 }, (_, i) => `vrrp_script s${i} {\nscript /bin/true\ninterval 1\n}`);
const definitions = ["global_defs {\n  script_user root\n}", ...NATIVE, ...SCRIPTS, ""].join("\n");

const names = (prefix: string, each: number, vrid: number): string =>
  Array.from({ length: each }, (_, i) => `    ${prefix}${(vrid - 1) * each + i} weight -1`).join("\n");
const instances = (checked: boolean): string =>
  crowdOf(VRIDS, (vrid) =>
    checked ? [`track_check {\n${names("n", 4, vrid)}\n}`, `track_script {\n${names("s", 1, vrid)}\n}`] : [],
  );

/** Milliseconds of CPU that a process and its children have had; of those that are gone, what the kernel added up. */
function cpuOf(pid: number): number {
  const parts = textOf(`/proc/${pid}/stat`).split(") ")[1]?.split(" ") ?? [];
  // utime, stime, cutime, cstime in hundredths.
  const own = parts.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * 10, 0);
  const children = threadsOf(pid)
    .flatMap((task) => textOf(`/proc/${pid}/task/${task}/children`).trim().split(" "))
    .filter((child) => child !== "");
  return children.reduce((sum, child) => sum + cpuOf(Number(child)), own);
}

/** How much later than 100 ms after the one before each advertisement came, in ms, ascending. */
function lateness(packets: readonly Packet[]): readonly number[] {
  const late = VRIDS.flatMap((vrid) => {
    const own = packets.filter(claimFrom(SOURCE, vrid));
    return own.slice(1).map(({ at }, i) => (at - (own[i]?.at ?? at)) / 1_000 - 100);
  });
  return late.sort((a, b) => a - b);
}

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

type Spell = { readonly p50: number; readonly p99: number; readonly max: number; readonly cpu: number };

/** All of its checks have answered well, and more than once. */
const answering = (node: Heird, what: Told["what"]): Promise<true> =>
  eventually(
    "the checks of the new configuration answer, and no others",
    async () => {
      const list = (await ask(node.home.stateDirectory, "checks")) as readonly CheckStatus[];
      return list.length === (what === "with" ? 250 : 0) && list.every(({ ok, runs }) => ok === true && runs > 1);
    },
    { within: 60_000, every: 250 },
  );

type Told = { readonly what: "without" | "with"; readonly spell: Spell };
const say = ({ what, spell: { p50, p99, max, cpu } }: Told): void =>
  tell(
    `50 x 100 ms ${what} 200 native checks and 50 scripts at 1 s: adverts late by ${p50.toFixed(1)} ms p50, ` +
      `${p99.toFixed(1)} ms p99, ${max.toFixed(1)} ms at most; CPU ${cpu.toFixed(0)} %`,
  );

/** Waits for so many advertisements of the last instance; gives when that began. */
async function spoken(seen: Capture, count: number): Promise<number> {
  const from = wallClock();
  const enough = () => seen.packets().filter((p) => p.at > from && claimFrom(SOURCE, 50)(p)).length >= count;
  await eventually(`${count} advertisements`, enough, { within: 60_000, every: 100 });
  return from;
}

async function spellOf(seen: Capture, pid: number): Promise<Spell> {
  await spoken(seen, SETTLING);
  const before = cpuOf(pid);
  const from = await spoken(seen, WATCHED);
  const to = wallClock();
  const late = lateness(seen.packets().filter(({ at }) => at > from && at < to));
  const cpu = (100 * (cpuOf(pid) - before)) / ((to - from) / 1_000);
  return { p50: percentile(late, 0.5), p99: percentile(late, 0.99), max: late.at(-1) ?? Number.NaN, cpu };
}

/** Without, and with; each reload is told, too. */
async function inTurns(node: Heird, seen: Capture): Promise<readonly Told[]> {
  const spells: Told[] = [];
  for (const what of ["without", "with"] as const) {
    const changed = wallClock();
    if (spells.length > 0) node.reload(what === "with" ? `${definitions}${instances(true)}` : instances(false));
    await answering(node, what);
    const late = lateness(seen.packets().filter(({ at }) => at > changed)).at(-1) ?? 0;
    if (spells.length > 0) tell(`the reload to ${what} them: adverts late by ${late.toFixed(1)} ms at most`);
    spells.push({ what, spell: await spellOf(seen, node.pid) });
  }
  return spells;
}

describe.skipIf(mustSkip("the load of checks", ["ip", "nft", "tcpdump"]))(
  "250 checks a second beside 50 instances",
  () => {
    test("make no advertisement later than a Backup waits", async () => {
      await onSite("load", ROUTERS.slice(0, 1), async (site) => {
        const rt1 = site.host("rt1");
        const server = await rt1.start("server", [process.execPath, "-e", SERVER]);
        await eventually("it serves", () => server.output().includes("serving"), { within: 30_000 });
        const seen = await site.capture("ip", "proto", "112");
        const node = await site.heird("rt1", instances(false));
        await node.reach("master", undefined, 30_000);
        const spells = await inTurns(node, seen);
        spells.forEach(say);
        // RFC 5798 §6.1: the strongest Backup, 254, waits 3 * 100 ms + 2 * 100 ms / 256 = 300.78 ms: 200.78 ms late. One in
        // a hundred may be the machine's; what the worst one was is told above.
        expect(spells.filter(({ spell: { p99 } }) => !(p99 < 200.78))).toEqual([]);
      });
    }, 120_000);
  },
);
