// What trackers make of a priority, beside real Keepalived: both read the same file and see the same world,
// and after each change of it both advertise the priority that is worked out by hand here (B10), or both are
// in FAULT and say nothing. They do not hear each other, so that each is Master of what it may be Master of.

import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Capture } from "./capture.ts";
import type { Daemon } from "./command.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom } from "./wire.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-weights-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = (name: string): string => join(directory, name);
/** Its name in the process table, which the whole machine shares. */
const PROGRAM = `hxw${process.pid}`;

/** What everybody sees: whether the script succeeds, eth1 is up and the process runs, and the number in the file. */
type World = { readonly script: boolean; readonly link: boolean; readonly process: boolean; readonly number: number };

/** `null`: FAULT. */
type Case = {
  readonly name: string;
  readonly base?: number;
  readonly track: string;
  readonly wanted: (world: World) => number | null;
};

const script = (weight: string): string => `track_script {\n  ask ${weight}\n}`;
const link = (weight: string): string => `track_interface {\n  eth1 ${weight}\n}`;
/** The kernel tells of processes in its first network namespace only, and without that Keepalived sees none. */
const heirdAlone = (track: string): boolean => track.includes("track_process");
const running = (weight: string): string => `track_process {\n  program ${weight}\n}`;
const file = (weight: string): string => `track_file {\n  number ${weight}\n}`;
const clamped = (priority: number): number => Math.min(254, Math.max(1, priority));

/** B10.2, row by row; of a file B10.2's last two. */
const CASES: readonly Case[] = [
  { name: "script gains", track: script("weight 30"), wanted: (w) => (w.script ? 130 : 100) },
  { name: "script loses", track: script("weight -30"), wanted: (w) => (w.script ? 100 : 70) },
  { name: "script gains, reversed", track: script("weight 30 reverse"), wanted: (w) => (w.script ? 70 : 100) },
  { name: "script loses, reversed", track: script("weight -30 reverse"), wanted: (w) => (w.script ? 100 : 130) },
  { name: "script is FAULT", track: script("weight 0"), wanted: (w) => (w.script ? 100 : null) },
  { name: "script is FAULT, reversed", track: script("weight 0 reverse"), wanted: (w) => (w.script ? null : 100) },
  { name: "link gains", track: link("weight 20"), wanted: (w) => (w.link ? 120 : 100) },
  { name: "link loses", track: link("weight -20"), wanted: (w) => (w.link ? 100 : 80) },
  { name: "link loses, reversed", track: link("weight -20 reverse"), wanted: (w) => (w.link ? 100 : 120) },
  { name: "link is FAULT", track: link(""), wanted: (w) => (w.link ? 100 : null) },
  { name: "process gains", track: running("weight 15"), wanted: (w) => (w.process ? 115 : 100) },
  { name: "process loses", track: running("weight -15"), wanted: (w) => (w.process ? 100 : 85) },
  { name: "process is FAULT", track: running("weight 0"), wanted: (w) => (w.process ? 100 : null) },
  // -254 and less is FAULT: 2 * -127.
  {
    name: "file adds",
    track: file("weight 2"),
    wanted: (w) => (w.number <= -127 ? null : clamped(100 + 2 * w.number)),
  },
  {
    name: "file takes",
    track: file("weight -2"),
    wanted: (w) => (w.number >= 127 ? null : clamped(100 - 2 * w.number)),
  },
  {
    name: "file adds, reversed",
    track: file("weight 2 reverse"),
    wanted: (w) => (w.number >= 127 ? null : clamped(100 - 2 * w.number)),
  },
  { name: "file is FAULT", track: file("weight 0"), wanted: (w) => (w.number === 0 ? 100 : null) },
  {
    name: "script and link",
    track: [script("weight 30"), link("weight -20")].join("\n"),
    wanted: (w) => 100 + (w.script ? 30 : 0) - (w.link ? 0 : 20),
  },
  {
    name: "all together",
    track: [script("weight 30"), link("weight -20"), running("weight 15")].join("\n"),
    wanted: (w) => 100 + (w.script ? 30 : 0) - (w.link ? 0 : 20) + (w.process ? 15 : 0),
  },
  { name: "no more than 254", base: 200, track: script("weight 100"), wanted: (w) => (w.script ? 254 : 200) },
  { name: "no less than 1", base: 50, track: script("weight -100"), wanted: (w) => (w.script ? 50 : 1) },
  // 100 + 253 - 20 is not 254 - 20: only the sum is cut.
  {
    name: "cut at the end",
    track: [script("weight 253"), link("weight -20")].join("\n"),
    wanted: (w) => clamped(100 + (w.script ? 253 : 0) - (w.link ? 0 : 20)),
  },
];

/** Two members of one sync group, whose trackers are the group's. */
const GROUPED = CASES.length;
const grouped = (w: World): number | null => (w.link ? 100 - (w.script ? 0 : 10) : null);
const vridOf = (i: number): number => i + 1;
const wantedBy = (world: World): readonly (number | null)[] => [
  ...CASES.map(({ wanted }) => wanted(world)),
  grouped(world),
  grouped(world),
];

const CONFIG = [
  "global_defs {",
  "  script_user root",
  "}",
  `vrrp_script ask {\n  script ${path("ask")}\n  interval 1\n}`,
  `vrrp_track_file number {\n  file ${path("number")}\n}`,
  `vrrp_track_process program {\n  process ${PROGRAM}\n}`,
  configOf(
    ...CASES.map(({ base = 100, track }, i) => ({
      name: `VI_${vridOf(i)}`,
      vrid: vridOf(i),
      priority: base,
      interval: "0.3",
      addresses: [`192.168.1.${101 + i}/32`],
      extra: [track],
    })),
    ...[GROUPED, GROUPED + 1].map((i) => ({
      name: `VI_${vridOf(i)}`,
      vrid: vridOf(i),
      priority: 100,
      interval: "0.3",
      addresses: [`192.168.1.${101 + i}/32`],
    })),
  ),
  `vrrp_sync_group G {\n  group {\n    VI_${vridOf(GROUPED)}\n    VI_${vridOf(GROUPED + 1)}\n  }`,
  `  track_script {\n    ask weight -10\n  }\n  track_interface {\n    eth1\n  }\n}`,
  "",
].join("\n");

/** Says who has started it, and with which umask; ends as the world is. */
const ASK = `#!/bin/sh
read parent < /proc/$PPID/comm
umask >> ${path("umask")}-"$parent"
read code < ${path("answer")}
exit "$code"
`;
/** Of whoever is called so, or is not. */
const umasks = (keepalived: boolean): readonly string[] =>
  readdirSync(directory)
    .filter((name) => name.startsWith("umask-") && (name === "umask-keepalived") === keepalived)
    .flatMap((name) => readFileSync(path(name), "utf8").trim().split("\n"));

const nameOf = (i: number): string => CASES[i]?.name ?? "a member of the group";

/** Files change in one step, as whoever writes them should do it. */
function write(name: string, text: string): void {
  writeFileSync(path(`${name}.new`), text);
  renameSync(path(`${name}.new`), path(name));
}

const ADDRESSES = { heird: "192.168.1.11", keepalived: "192.168.1.12" } as const;

/** What each of them says last, in the order of the cases: null for somebody silent, or who has resigned. */
function said(seen: Capture, address: string, since: number): readonly (number | null)[] {
  const packets = seen.packets().filter(advertFrom(address));
  return wantedBy(ALL_WELL).map((_, i) => {
    const last = packets.findLast(({ vrrp }) => vrrp?.vrid === vridOf(i));
    const priority = last?.vrrp?.priority ?? 0;
    return priority === 0 || (last?.at ?? 0) < since ? null : priority;
  });
}

const ALL_WELL: World = { script: true, link: true, process: true, number: 0 };

/** Everything that is tracked turns at least once, and the number of the file goes beyond both of its bounds. */
const WORLDS: readonly World[] = [
  ALL_WELL,
  { ...ALL_WELL, script: false, number: 7 },
  { ...ALL_WELL, link: false, number: -7 },
  { script: false, link: false, process: false, number: 300 },
  { ...ALL_WELL, number: -126 },
  { ...ALL_WELL, process: false, number: -127 },
  ALL_WELL,
];

describe.skipIf(mustSkip("weights beside Keepalived", ["ip", "nft", "tcpdump", "keepalived"]))("weights", () => {
  test("make of a priority what Keepalived makes of it", async () => {
    copyFileSync("/bin/sleep", path(PROGRAM));
    write("number", "0\n");
    write("answer", "0\n");
    writeFileSync(path("ask"), ASK);
    for (const name of ["ask", PROGRAM]) chmodSync(path(name), 0o755);
    await onSite("weights", ROUTERS, async (site) => {
      const hosts = [site.host("rt1"), site.host("rt2")];
      for (const host of hosts) {
        await host.run(["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "eth1p"]);
        for (const device of ["eth1", "eth1p"]) await host.run(["ip", "link", "set", device, "up"]);
      }
      await site.isolate("rt1");
      let program = await hosts[0]?.start("program", [path(PROGRAM), "4321"]);
      const seen = await site.capture("ip", "proto", "112");
      const node = await site.heird("rt1", CONFIG);
      // Whoever cannot be told of processes looks, and says so.
      await eventually("it says so", () => node.output().includes("the kernel does not tell of processes here"), {
        within: 30_000,
        otherwise: node.output,
      });
      await site.host("rt2").startKeepalived(`global_defs {\n  vrrp_version 3\n}\n${CONFIG}`);
      for (const world of WORLDS) {
        program = await make(world, hosts, program);
        const changed = performance.timeOrigin * 1_000 + performance.now() * 1_000;
        const wanted = wantedBy(world);
        for (const [who, address] of Object.entries(ADDRESSES)) {
          const doubts = () => unlike(said(seen, address, changed), wanted, who);
          const agrees = (): boolean => doubts().length === 0;
          await eventually(`${who} says what ${JSON.stringify(world)} comes to`, agrees, {
            within: 30_000,
            every: 100,
            otherwise: () => doubts().join("\n"),
          });
        }
        // FAULT is what it is, and not only silence.
        const faulty = (await node.status()).instances.filter(({ state }) => state === "fault");
        expect(faulty.map(({ vrid }) => vrid)).toEqual(wanted.flatMap((one, i) => (one === null ? [vridOf(i)] : [])));
      }
      expect([true, false].map((keepalived) => new Set(umasks(keepalived)))).toEqual([
        new Set(["0177"]),
        new Set(["0177"]),
      ]);
    });
  }, 120_000);
});

const unlike = (
  found: readonly (number | null)[],
  wanted: readonly (number | null)[],
  who: string,
): readonly string[] =>
  wanted.flatMap((one, i) =>
    found[i] === one || (who === "keepalived" && heirdAlone(CASES[i]?.track ?? ""))
      ? []
      : [`${nameOf(i)}: wanted ${one}, said ${found[i]}`],
  );

/** Makes the world so, for both of them. */
async function make(
  { script: succeeds, link: up, process: runs, number }: World,
  hosts: readonly Host[],
  program: Daemon | undefined,
): Promise<Daemon | undefined> {
  write("answer", succeeds ? "0\n" : "1\n");
  write("number", `${number}\n`);
  for (const host of hosts) await host.run(["ip", "link", "set", "eth1", up ? "up" : "down"]);
  if (runs && program?.running() !== true) return hosts[0]?.start("program", [path(PROGRAM), "4321"]);
  if (!runs) await program?.stop();
  return program;
}
