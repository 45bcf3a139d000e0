// A number in a file: track_file. inotify tells of changes in the directory, so that a file may come,
// go, be renamed and be written anew; once a second it is read anyway, in case the directory did.

import { existsSync, type FSWatcher, watch, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { Observable } from "rxjs";
import type { Answer, FileQuestion } from "../agent/core/check.ts";
import { good } from "./check.ts";
import { beginningOf } from "./contents.ts";

/** In ms. */
const ANYWAY = 1_000;
/** A number has no more characters. */
const LONGEST = 64;

/** Tells the number when the watching begins and whenever it is another one. */
export const file = ({ path }: FileQuestion): Observable<Answer> =>
  new Observable((subscriber) => {
    let last: number | null = null;
    let reading = false;
    let again = false;
    let watcher: FSWatcher | null = null;
    const look = (): void => {
      again = reading;
      if (reading) return;
      reading = true;
      void numberOf(path).then((said) => {
        reading = false;
        if (subscriber.closed) return;
        if (said.value !== last) subscriber.next(said);
        last = said.value;
        if (again) look();
      });
    };
    const unwatch = (): void => {
      watcher?.close();
      watcher = null;
    };
    const attend = (): void => {
      try {
        watcher = watch(dirname(path), { persistent: false }, (_, name) => {
          if (name === null || name === basename(path)) look();
          // The directory itself went away or was replaced: what is watched is its ghost.
          else if (name === basename(dirname(path))) unwatch();
        });
        watcher.on("error", unwatch);
      } catch {
        // No such directory yet; the clock below tries again.
      }
    };
    const clock = setInterval(() => {
      if (watcher === null) attend();
      look();
    }, ANYWAY);
    attend();
    look();
    return () => {
      clearInterval(clock);
      unwatch();
    };
  });

/** A8: what is missing or no number counts as 0, which is good. */
async function numberOf(path: string): Promise<Answer> {
  try {
    return numberFrom((await beginningOf(path, LONGEST)).toString("latin1"));
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    return good(code === "ENOENT" ? "no such file, which counts as 0" : `unreadable (${code}), which counts as 0`, {
      value: 0,
    });
  }
}

const INTEGER = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)(?=\s|$)/;

/** An integer as C reads it: 0x… is hexadecimal, a leading 0 octal. */
export function numberFrom(text: string): Answer {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  if (digits === undefined) return good("no number, which counts as 0", { value: 0, output: text });
  const size = /^0[0-7]/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  const value = Math.min(2_147_483_647, size) * (sign === "-" ? -1 : 1);
  // Neither -0 nor 0 is another number than the other.
  return good("a number", { value: value === 0 ? 0 : value });
}

/** init_file: when the daemon starts, never at a reload. What is there stays, unless it is to be overwritten. */
export function initiate({ path, init }: FileQuestion): void {
  if (init === null || (!init.overwrite && existsSync(path))) return;
  writeFileSync(path, `${init.value}\n`, { mode: 0o644 });
}
