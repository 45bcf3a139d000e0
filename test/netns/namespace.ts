// Network namespaces with names that say whose they are, so that whatever a killed run left behind
// can be removed by the next one, and nothing else ever is.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = "/run/netns";
const OURS = /^heird-(\d+)-(\d+)-/;

/** How often a removal is tried. */
const ATTEMPTS = 5;

/** When a process began, in ticks since the machine did: with its pid it names that process and no later one. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the name in brackets and may hold anything; the 22nd is the start time.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

let built = 0;

/** A prefix for the namespaces of one LAN of this process. */
export function newPrefix(tag: string): string {
  built += 1;
  return `heird-${process.pid}-${startOf(process.pid) ?? "0"}-${tag}${built}`;
}

function existing(): readonly string[] {
  try {
    return readdirSync(FOLDER);
  } catch {
    return []; // no namespace was ever made on this machine
  }
}

/**
 * Runs ip in a session of its own: whoever presses Ctrl-C once more, because a removal takes a moment,
 * must not interrupt the removal. Until it has that session it can still be hit.
 */
const ipAlone = (...args: readonly string[]): string =>
  execFileSync("setsid", ["ip", ...args], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Ends what runs inside a namespace that bears our prefix, and removes it; one that is gone is fine. */
export function removeNamespace(name: string): void {
  if (!OURS.test(name)) throw new Error(`${name} is not a namespace of these tests`);
  for (let attempts = 1; existing().includes(name); attempts++) {
    for (const pid of pidsIn(name)) killQuietly(pid);
    try {
      ipAlone("netns", "delete", name);
    } catch (error) {
      if (existing().includes(name) && attempts === ATTEMPTS) throw error;
    }
  }
}

function pidsIn(name: string): readonly number[] {
  try {
    return ipAlone("netns", "pids", name).split("\n").filter(Boolean).map(Number);
  } catch {
    return []; // a name whose mount is gone has nobody in it
  }
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself in the meantime.
  }
}

/** Removes every namespace whose owner no longer runs: a killed test leaves them. Gives their names. */
export function removeLeftovers(): readonly string[] {
  const orphans = existing().filter((name) => {
    const [, pid = "", start = ""] = OURS.exec(name) ?? [];
    return pid !== "" && startOf(Number(pid)) !== start;
  });
  for (const name of orphans) removeNamespace(name);
  return orphans;
}
