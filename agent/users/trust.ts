// What root may run: nothing that somebody else can change.

import { statSync } from "node:fs";

/** The first of a file and the directories above it, from the root on, that others than root may write; null when none is. */
export function whoElseMayWrite(path: string): string | null {
  const parts = path.split("/").filter((part) => part !== "");
  const whole = ["/", ...parts.map((_, i) => `/${parts.slice(0, i + 1).join("/")}`)];
  return whole.find(othersMayWrite) ?? null;
}

function othersMayWrite(path: string): boolean {
  try {
    const { mode, uid, gid } = statSync(path);
    // A sticky directory such as /tmp lets nobody replace what belongs to another.
    const sticky = (mode & 0o1000) !== 0;
    return uid !== 0 || (!sticky && ((mode & 0o002) !== 0 || (gid !== 0 && (mode & 0o020) !== 0)));
  } catch {
    return false;
  }
}
