// heird itself on a host of a LAN: the program as people run it, and what its log says when it is over.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { PhaseName } from "../../agent/core/state.ts";
import { snapshotOf as remembered, type Snapshot } from "../../agent/log/line.ts";
import { readLog } from "../../agent/log/read.ts";
import { replay } from "../../agent/log/replay.ts";
import { ask } from "../../agent/operate/control.ts";
import type { Status } from "../../agent/operate/status.ts";
import { attempt, type Daemon, type Finished } from "./command.ts";
import { eventually } from "./eventually.ts";
import type { Host } from "./lan.ts";

/** From a source file the build is one folder further, from a compiled one it is where we are. */
const BUILD = import.meta.filename.endsWith(".ts") ? "../../dist/heird/main.js" : "../../heird/main.js";
/** The build; another one can be tried with the same tests. */
export const MAIN = process.env["HEIRD_MAIN"] ?? resolve(import.meta.dirname, BUILD);

/** The words that run heird with these arguments. */
export const heird = (...args: readonly string[]): readonly string[] => [process.execPath, MAIN, ...args];

type Paths = Pick<Home, "stateDirectory" | "configFile">;

/** A path into the mount namespace of another process. */
const ELSEWHERE = /^\/proc\/(\d+)\/root(?=\/)/;

/** The words that run heird where a home is, which may be in a mount namespace of its own, and its paths there. */
function at(home: Paths, words: (home: Paths) => readonly string[]) {
  const [through, pid] = ELSEWHERE.exec(home.stateDirectory) ?? [];
  if (through === undefined || pid === undefined) return heird(...words(home));
  const [stateDirectory, configFile] = [home.stateDirectory, home.configFile].map((path) => path.slice(through.length));
  const there = words({ stateDirectory: stateDirectory ?? "", configFile: configFile ?? "" });
  return ["nsenter", "--target", pid, "--mount", ...heird(...there)];
}
/** A folder for one node: its configuration and, below it, its state directory. */
export type Home = {
  readonly stateDirectory: string;
  readonly configFile: string;
  readonly write: (config: string) => void;
  /** `heird cleanup`, inside the namespace. */
  readonly cleanup: () => Promise<Finished>;
  readonly remove: () => void;
};

export type Heird = Daemon & {
  readonly home: Home;
  readonly status: () => Promise<Status>;
  /** Waits until every instance, or the one of this name, is in the phase. */
  readonly reach: (phase: PhaseName, instance?: string, within?: number) => Promise<void>;
  /** Writes another configuration and sends SIGHUP. */
  readonly reload: (config: string) => void;
};

/** Makes a folder for a node on this host, below `root`; `remove` takes it away again. */
export function makeHome(host: Host, config: string, root = tmpdir()): Home {
  const folder = mkdtempSync(join(root, "heird-test-"));
  const configFile = join(folder, "heird.conf");
  const stateDirectory = join(folder, "state");
  const paths = { stateDirectory, configFile };
  const write = (text: string): void => writeFileSync(configFile, text, { mode: 0o600 });
  write(config);
  return {
    ...paths,
    write,
    // It folds the whole log, which on a busy machine takes its time.
    cleanup: () =>
      host.attempt(
        at(paths, (home) => ["cleanup", "--state-dir", home.stateDirectory]),
        { timeout: 40_000 },
      ),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Starts the daemon of a home; settles when it answers. */
export async function startHeird(host: Host, home: Home, level = "debug"): Promise<Heird> {
  const { stateDirectory } = home;
  const argv = at(home, (there) => {
    return ["run", "-f", there.configFile, "--state-dir", there.stateDirectory, "--log-level", level];
  });
  const daemon = await host.start("heird", argv);
  const status = async (): Promise<Status> => (await ask(stateDirectory, "status")) as Status;
  const answers = async (): Promise<boolean> => {
    // One that ended will not answer, and saying so at once saves the wait.
    if (!daemon.running()) return true;
    return (await status()).pid > 0;
  };
  // On a busy machine a program of this size takes its time to be read.
  await eventually("heird answers", answers, { within: 30_000, otherwise: daemon.output });
  if (!daemon.running()) throw new Error(`heird ended:\n${daemon.output()}`);
  const reach = async (phase: PhaseName, instance?: string, within = 30_000): Promise<void> => {
    const there = async (): Promise<boolean> => {
      const concerned = (await status()).instances.filter(({ name }) => instance === undefined || name === instance);
      return concerned.length > 0 && concerned.every(({ state }) => state === phase);
    };
    const what = `${instance ?? "every instance"} of ${host.name} is ${phase}`;
    await eventually(what, there, { within, otherwise: () => lastLines(daemon.output()) });
  };
  return {
    ...daemon,
    home,
    status,
    reach,
    reload: (text) => {
      home.write(text);
      daemon.signal("SIGHUP");
    },
  };
}

/** What a daemon has in memory, in KiB. */
export const residentKiB = ({ pid }: Daemon): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);

/** The end of what a daemon said, for the message of a test that failed. */
export const lastLines = (text: string, count = 40): string => text.split("\n").slice(-count).join("\n");

/** Asks a daemon for a snapshot: the line of the log that bears it, and the state it was taken of. */
export async function snapshotOf(node: Heird): Promise<{ readonly seq: number; readonly state: Snapshot }> {
  return ((await ask(node.home.stateDirectory, "snapshot")) as Status).folded;
}

/**
 * What replaying the log of a home says against it, in sentences; empty when the chain holds, every
 * mark and snapshot is confirmed, and the state at `live` is the one that the daemon had then.
 */
export function doubts(
  { stateDirectory }: Pick<Home, "stateDirectory">,
  live: Awaited<ReturnType<typeof snapshotOf>> | null,
): readonly string[] {
  const { lines, flaws } = readLog(stateDirectory);
  const whole = replay(lines);
  const found = [
    ...flaws.map(({ file, line, says }) => `${file}:${line} ${says}`),
    ...whole.divergences.map(({ seq, says }) => `line ${seq}: ${says}`),
  ];
  if (lines.length === 0) found.push("the log has no lines");
  if (live === null) return found;
  const until = replay(lines.filter(({ seq }) => seq <= live.seq));
  const folded = remembered(until.state);
  if (until.seq !== live.seq) found.push(`the log ends at ${until.seq}, the daemon wrote up to ${live.seq}`);
  if (JSON.stringify(folded) !== JSON.stringify(live.state))
    found.push(`at ${live.seq} the daemon was ${JSON.stringify(live.state)}, the replay ${JSON.stringify(folded)}`);
  return found;
}

/** Throws when the log of a home does not fold to what it says, or not to what was live. */
export function assertFolds(home: Home, live: Parameters<typeof doubts>[1] = null): void {
  const found = doubts(home, live);
  if (found.length > 0) throw new Error(`the replay disagrees with the log:\n${found.join("\n")}`);
}

/** The end of a home without a site, whose daemon has ended: its log must fold, and the folder goes. */
export function finish(home: Home): void {
  assertFolds(home);
  home.remove();
}

/** Runs a heird command outside of every namespace. */
export const runHeird = (...args: readonly string[]): Promise<Finished> => attempt(heird(...args));
