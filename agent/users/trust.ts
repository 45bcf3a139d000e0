// What root may run: nothing that somebody else can change.

import { accessSync, constants, lstatSync, readlinkSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

/** As many symbolic links as the kernel follows. */
const MOST_LINKS = 40;

/**
 * The first of a file, the directories above it and the links on the way to it, from the root on, that others than
 * root may change; null when none is.
 */
export const whoElseMayWrite = (path: string): string | null => wayTo(resolve(path)).find(othersMayChange) ?? null;

/** Where a program is that has a name only: in the first of these directories that has it; else what was told. */
export function programAt(name: string, directories: readonly string[]): string {
  if (name.includes("/")) return name;
  return directories.map((directory) => join(directory, name)).find(mayBeRun) ?? name;
}

function mayBeRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

const partsOf = (path: string): readonly string[] => path.split("/").filter((part) => part !== "");

/** Everything that is passed on the way to a file. */
function wayTo(path: string): readonly string[] {
  const passed = ["/"];
  let at = "/";
  let links = 0;
  for (let ahead = partsOf(path); ahead.length > 0; ) {
    const [part = "", ...rest] = ahead;
    const next = resolve(at, part);
    const target = targetOf(next);
    passed.push(next);
    links += target === null ? 0 : 1;
    if (links > MOST_LINKS) return passed;
    if (target === null || target.startsWith("/")) at = target === null ? next : "/";
    ahead = target === null ? rest : [...partsOf(target), ...rest];
  }
  return passed;
}

function targetOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function othersMayChange(path: string): boolean {
  try {
    const stat = lstatSync(path);
    const { mode, uid, gid } = stat;
    if (stat.isSymbolicLink()) return uid !== 0;
    // A sticky directory such as /tmp lets nobody replace what belongs to another.
    const sticky = (mode & 0o1000) !== 0;
    return uid !== 0 || (!sticky && ((mode & 0o002) !== 0 || (gid !== 0 && (mode & 0o020) !== 0)));
  } catch {
    return false;
  }
}
