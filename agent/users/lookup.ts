// Users and groups of this machine. They stand in /etc/passwd and /etc/group, or a directory service knows
// them, which getent asks.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type Database = "passwd" | "group";

const isNumber = (name: string): boolean => /^\d+$/.test(name);

/**
 * The fields of an entry, by name or number; undefined when there is none. A number needs no entry: it is its own
 * name, and its user has no home. A directory service is waited for, 2 s at most.
 */
export const entryOf = (database: Database, name: string): readonly string[] | undefined =>
  entryIn(textOf(`/etc/${database}`), name) ??
  entryIn(getent(database, name), name) ??
  (isNumber(name) ? [name, "x", name, name, "", "/"] : undefined);

/** Whether there is such a user or group; a number is taken at its word. */
export const isKnown = (database: Database, name: string): boolean =>
  isNumber(name) || entryOf(database, name) !== undefined;

const entryIn = (text: string, name: string): readonly string[] | undefined =>
  text
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name || (isNumber(name) && fields[2] === name));

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What was found; whom nobody knows somebody may know the next time. */
const found = new Map<string, string>();

function getent(database: Database, name: string): string {
  const key = `${database} ${name}`;
  const told =
    found.get(key) ?? spawnSync("getent", [database, "--", name], { encoding: "utf8", timeout: 2_000 }).stdout ?? "";
  if (told !== "") found.set(key, told);
  return told;
}
