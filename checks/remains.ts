// What checks have started and nobody ends any more, because whoever should is dead, frozen or out of its
// sight. It is found by a mark in its environment, which everything hands on to what it starts, also beyond
// a session of its own.

import { readFileSync, statSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

export const MARK = "HEIRD_CHECKS";

/** Begins the marks of all checks of the daemon in this directory, past and present; of no other, in a container neither. */
export function markOf(stateDirectory: string): string {
  const { dev, ino } = statSync(stateDirectory);
  return `${dev}.${ino}/`;
}

/** Begins the marks of what this process starts. */
export const ownMark = (): string => process.env[MARK] ?? `${process.pid}/`;

/** Between two looks, in ms, and how many: what not even SIGKILL ends (a dead disk) is not waited for for ever. */
const PAUSE = 50;
const LOOKS = 60;
/** What began between two names of one look is seen by the next one. */
const EMPTY_LOOKS = 2;
/** A process on a dead disk may keep whoever reads its environment, too; in ms. */
const PATIENCE = 4_000;

/** How an environment is read. */
type Reader = (path: string) => string | Promise<string>;
/** The quickest, for whoever has nothing else to do. */
const atOnce: Reader = (path) => readFileSync(path, "latin1");
/** Ten times as long, and nobody waits for it. */
export const meanwhile: Reader = (path) => readFile(path, "latin1");

/** Ends everything whose mark begins so, and not as what is spared. Tells how many were killed, when nobody is left. */
export async function endRemains(prefix: string, read: Reader = atOnce, spared?: string): Promise<number> {
  const killed = new Set<number>();
  const impatience = sleep(PATIENCE, undefined, { ref: false });
  await Promise.race([killAll({ prefix, spared }, read, killed), impatience]);
  return killed.size;
}

async function killAll({ prefix, spared }: Wanted, read: Reader, killed: Set<number>): Promise<void> {
  let empty = 0;
  for (let looks = 0; empty < EMPTY_LOOKS && looks < LOOKS; looks++) {
    const left = await look([{ prefix, spared }], read, (pid) => kill(pid, killed));
    empty = left === 0 ? empty + 1 : 0;
    if (left > 0) await sleep(PAUSE);
  }
}

/** Between two looks for what is not waited for, in ms: fifty programs that hang are looked for at once. */
const RHYTHM = 1_000;
const awaited = new Set<string>();
let looking = false;

/** Ends everything whose mark begins so; nobody waits for it. */
export function endRemainsSoon(prefix: string): void {
  awaited.add(prefix);
  if (!looking) void lookOnce();
}

async function lookOnce(): Promise<void> {
  looking = true;
  const prefixes = [...awaited];
  awaited.clear();
  const wanted = prefixes.map((prefix): Wanted => ({ prefix, spared: undefined }));
  const left = await look(wanted, meanwhile, (pid) => kill(pid));
  if (left > 0) for (const prefix of prefixes) awaited.add(prefix);
  await sleep(RHYTHM, undefined, { ref: false });
  looking = false;
  if (awaited.size > 0) void lookOnce();
}

/** Marks that begin so; none that begins as what is spared. */
type Wanted = { readonly prefix: string; readonly spared: string | undefined };
const isOf = ({ prefix, spared }: Wanted, mark: string): boolean =>
  mark.startsWith(prefix) && (spared === undefined || !mark.startsWith(spared));

const BEARING = new RegExp(`(?:^|\\0)${MARK}=([^\\0]*)`);

/** Calls for each process that bears one of these marks; gives how many there are. */
async function look(wanted: readonly Wanted[], read: Reader, found: (pid: number) => void): Promise<number> {
  let count = 0;
  for (const name of await readdir("/proc").catch((): string[] => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    let mark: string | undefined;
    try {
      const environment = read(`/proc/${name}/environ`);
      mark = BEARING.exec(typeof environment === "string" ? environment : await environment)?.[1];
    } catch {
      // Gone, or another user's.
    }
    if (mark === undefined || !wanted.some((one) => isOf(one, mark))) continue;
    count += 1;
    found(pid);
  }
  return count;
}

/** The group first, which no fork escapes. */
function kill(pid: number, killed?: Set<number>): void {
  for (const target of [-pid, pid])
    try {
      process.kill(target, "SIGKILL");
      killed?.add(pid);
    } catch {
      // No leader of a group, gone meanwhile, or another user's, which a daemon without privileges may not end.
    }
}
