// Kernel settings: files below /proc/sys.

import { readFileSync, writeFileSync } from "node:fs";
import type { Outcome } from "../kernel.ts";
import { DONE, failureFromError } from "./errno.ts";

/** A name of an interface has no slash, so that a path leads nowhere else. */
const fileOf = (path: string): string => `/proc/sys/${path}`;

/** What a setting is; null when there is no such setting. */
export function readSysctl(path: string): string | null {
  try {
    return readFileSync(fileOf(path), "latin1").trim();
  } catch {
    return null;
  }
}

export function writeSysctl(path: string, value: string): Outcome {
  try {
    writeFileSync(fileOf(path), `${value}\n`, { flag: "r+" });
    return DONE;
  } catch (thrown) {
    return failureFromError(thrown, `writing ${value} to ${fileOf(path)}`);
  }
}
