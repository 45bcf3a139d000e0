// A check fails on the Master: how long until somebody else advertises. Each daemon has the quickest check it
// has: heird asks itself, ten times a second and twice; Keepalived runs a script each second, its least.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimFrom } from "../../netns/wire.ts";
import type { Name } from "../contestant.ts";
import type { Figure, Sample } from "../figure.ts";
import { type Ground, now, onGround } from "../ground.ts";
import type { Scenario } from "../scenario.ts";
import { microseconds, skewOf, textOf } from "../text.ts";
import { pause } from "./death.ts";

/** What is asked: the quickest of each, the same script, a file, or the link of another interface. */
export type Asked = "quickest" | "file" | "interface";

export type Reaction = {
  readonly name: string;
  readonly title: string;
  readonly asked: Asked;
  /** 0 is FAULT; otherwise what is lost of the priority. */
  readonly weight: number;
  readonly interval: string;
  readonly runs: number;
  readonly ratio?: number;
};

const STRONG = 200;
const WEAK = 100;
const PORT = 8_999;

export function reaction(how: Reaction): Scenario {
  // Of a Master that resigns nobody waits longer than for the Skew_Time.
  const limit = skewOf(WEAK, microseconds(how.interval)) / 1_000;
  const figure: Figure = { key: "taken", title: "until the new Master's first advert", unit: "ms", limit };
  const figures = [how.ratio === undefined ? figure : { ...figure, ratio: how.ratio }];
  const { name, title, runs } = how;
  return { name, title, runs, figures, play: (who) => onGround(who, (ground) => react(who, ground, how)) };
}

async function react(who: Name, ground: Ground, how: Reaction): Promise<readonly Sample[]> {
  const { lan, rt1, rt2, start } = ground;
  const folder = mkdtempSync(join(tmpdir(), "heird-bench-check-"));
  const file = join(folder, "state");
  writeFileSync(file, "0\n");
  try {
    const service = await rt1.start("service", [process.execPath, "-e", SERVICE]);
    await rt1.run(["ip", "link", "add", "up0", "type", "veth", "peer", "name", "up1"]);
    await rt1.run(["ip", "link", "set", "up0", "up"]);
    await rt1.run(["ip", "link", "set", "up1", "up"]);
    await new Promise<void>((resolve) => service.onStdout(() => resolve()));
    const seen = await lan.capture("ip proto 112");
    const text = (priority: number): string => textWith(who, how, { priority, file });
    await start(rt1, text(STRONG));
    await seen.next("rt1 is Master", claimFrom("192.168.1.11"), { within: 30_000 });
    await start(rt2, textOf({ instances: 1, priority: WEAK, interval: how.interval, extra: ownWords(who, how) }));
    // Anywhere between two questions and two advertisements.
    await pause(1_500 + Math.random() * 1_000);
    const failed = now();
    if (how.asked === "quickest") service.signalAll("SIGKILL");
    else if (how.asked === "file") writeFileSync(file, `${how.weight === 0 ? -254 : how.weight}\n`);
    else await rt1.run(["ip", "link", "set", "up1", "down"]);
    const claim = await seen.next("rt2 takes over", claimFrom("192.168.1.12"), { within: 30_000 });
    await seen.stop();
    return [{ taken: (claim.at - failed) / 1_000 }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SERVICE = `require("node:net").createServer((s) => s.end()).listen(${PORT}, "127.0.0.1", () => console.log("ready"))`;

/** Keepalived does not know the keyword, and refuses no file for it; but its own text is the honest one. */
const ownWords = (who: Name, { weight }: Reaction): readonly string[] =>
  who === "heird" && weight !== 0 ? ["fast_handover"] : [];

function textWith(who: Name, how: Reaction, { priority, file }: { priority: number; file: string }): string {
  const weight = `  weight ${how.weight}`;
  const shape = { instances: 1, priority, interval: how.interval };
  const own = ownWords(who, how);
  if (how.asked === "interface") return textOf({ ...shape, extra: [...own, "track_interface {", "  up0", "}"] });
  if (how.asked === "file") {
    const head = ["vrrp_track_file state {", `  file ${file}`, "  weight 1", "}"];
    return textOf({ ...shape, head, extra: [...own, "track_file {", "  state", "}"] });
  }
  if (who === "heird") {
    const head = [
      "vrrp_check service {",
      `  tcp 127.0.0.1 ${PORT}`,
      "  interval 0.1",
      "  fall 2",
      "  rise 1",
      weight,
      "}",
    ];
    return textOf({ ...shape, head, extra: [...own, "track_check {", "  service", "}"] });
  }
  const script = `/usr/bin/bash -c 'exec 3<>/dev/tcp/127.0.0.1/${PORT}'`;
  const globals = ["global_defs {", "  script_user root", "}"];
  const head = [
    ...globals,
    "vrrp_script service {",
    `  script "${script}"`,
    "  interval 1",
    "  fall 1",
    "  rise 1",
    weight,
    "}",
  ];
  return textOf({ ...shape, head, extra: ["track_script {", "  service", "}"] });
}
