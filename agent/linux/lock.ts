// A lock that a second daemon on the same state directory meets. It goes with the process, however that ends.

import { closeSync, openSync } from "node:fs";
import { EAGAIN, type Failure, failure } from "./errno.ts";
import { lockExclusively } from "./ffi.ts";

/** Locks a file, which is created when missing, or fails at once with EAGAIN when somebody else holds it. */
export function lockFile(path: string): { readonly ok: true; readonly release: () => void } | Failure {
  let fd: number;
  try {
    fd = openSync(path, "a", 0o600);
  } catch (error) {
    return failure(errnoOf(error), `opening ${path}`);
  }
  const locked = lockExclusively(fd);
  if (locked < 0) {
    closeSync(fd);
    return locked === -EAGAIN
      ? failure(EAGAIN, `locking ${path}`, "another process holds it")
      : failure(-locked, `locking ${path}`);
  }
  let held = true;
  const release = (): void => {
    if (held) closeSync(fd);
    held = false;
  };
  return { ok: true, release };
}

/** The errno of an exception of node:fs, which has it negative. */
function errnoOf(error: unknown): number {
  const errno = error instanceof Error && "errno" in error ? error.errno : undefined;
  return typeof errno === "number" ? Math.abs(errno) : 5;
}
