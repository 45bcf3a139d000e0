// What was changed on this machine and has to be taken back, written down before it is changed.
//
// It lies in memory beside the write-ahead copy where there is such a place: settings and interfaces
// do not outlive the machine either, and no disk can hold up the return of an interface.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "../core/machine.ts";

/** The changes that a daemon has to answer for. */
export type Changes = {
  readonly all: () => readonly Change[];
  /** Writes them down; afterwards they may be made. Throws when they cannot be. */
  readonly record: (changes: readonly Change[]) => void;
  /** They have been taken back. */
  readonly forget: (changes: readonly Change[]) => void;
};

/** Where they are written: named after the write-ahead copy, or in the state directory without one. */
export const changesPath = (stateDirectory: string, ahead: string | null): string =>
  ahead === null ? join(stateDirectory, "changes.json") : ahead.replace(/\.ahead$/, ".changes");

type Written = { readonly heird: 1; readonly boot: string; readonly changes: readonly Change[] };

/** Those of this boot of the machine; what an earlier one changed is gone with it. */
export function openChanges(path: string, boot: string): Changes {
  let all = readChanges(path, boot);
  const keep = (next: readonly Change[]): void => {
    if (next.length === 0) rmSync(path, { force: true });
    else write(path, { heird: 1, boot, changes: next });
    all = next;
  };
  return {
    all: () => all,
    record: (changes) => {
      const fresh = changes.filter((change) => !all.some((known) => nameOf(known) === nameOf(change)));
      if (fresh.length > 0) keep([...all, ...fresh]);
    },
    forget: (changes) => {
      const gone = new Set(changes.map(nameOf));
      if (all.some((change) => gone.has(nameOf(change)))) keep(all.filter((change) => !gone.has(nameOf(change))));
    },
  };
}

/** What tells one change from another: how a thing was before our first change counts, whatever followed. */
function nameOf(change: Change): string {
  switch (change.type) {
    case "sysctl":
      return change.path;
    case "link":
      return `link ${change.name} ${change.mac}`; // one of that name that was replaced is another
    case "filter":
      return `filter ${change.table}`;
  }
}

function readChanges(path: string, boot: string): readonly Change[] {
  try {
    const written: Written = JSON.parse(readFileSync(path, "utf8"));
    return written.boot === boot ? written.changes : [];
  } catch {
    return []; // none was ever written: it is replaced whole
  }
}

/** Whole or not at all. */
function write(path: string, written: Written): void {
  const fresh = `${path}.new`;
  const fd = openSync(fresh, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify(written)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, path);
}
