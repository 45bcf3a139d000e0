// Starts the demo as people do, and looks for everything that it leaves.

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Daemon, start } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";

export const ROOT = resolve(import.meta.dirname, "../..");
const DEMO = join(ROOT, "dist/test/demo/demo.js");

const running: Daemon[] = [];
const folders: string[] = [];

/** Ends what was started and removes every folder: after each test. */
export async function cleanUp(): Promise<void> {
  await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "heird-demo-test-"));
  folders.push(folder);
  return folder;
}

/** Starts the demo with a temporary folder of its own, so that what it leaves there can be told. */
export async function startDemo(
  env: Readonly<Record<string, string>> = {},
): Promise<{ demo: Daemon; temporary: string }> {
  if (!existsSync(DEMO)) throw new Error(`${DEMO} is not there: npm run build`);
  const temporary = newFolder();
  const demo = await start("the demo", [process.execPath, DEMO], { env: { TMPDIR: temporary, ...env } });
  running.push(demo);
  return { demo, temporary };
}

export const listed = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/** The processes that were started, by whomever, with this temporary folder in their environment. */
function processesOf(temporary: string): readonly string[] {
  return listed("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, "utf8").includes(`TMPDIR=${temporary}\0`);
    } catch {
      return false; // it ended in the meantime
    }
  });
}

/** The state directories of its two routers. */
export const statesIn = (temporary: string): readonly string[] =>
  listed(temporary)
    .flatMap((name) => ["rt1", "rt2"].map((host) => join(temporary, name, host, "state")))
    .filter((path) => existsSync(path));

/** Everything of a demo that is still on this machine outside of its temporary folder. */
export function remains({ pid }: Daemon, temporary: string): readonly string[] {
  const namespaces = listed("/run/netns").filter((name) => name.startsWith(`heird-${pid}-`));
  const copies = statesIn(temporary).map((path) =>
    createHash("sha256").update(realpathSync(path)).digest("hex").slice(0, 16),
  );
  const ahead = ["/run/heird", "/dev/shm"].flatMap(listed).filter((name) => copies.some((copy) => name.includes(copy)));
  return [...namespaces, ...ahead, ...processesOf(temporary)];
}

/** Waits for the death of what was killed a moment ago; nothing else may need waiting for. */
export async function leavesNothing(demo: Daemon, temporary: string): Promise<void> {
  const otherwise = () => remains(demo, temporary).join(" ");
  await eventually("nothing remains", () => remains(demo, temporary).length === 0, { within: 10_000, otherwise });
}
