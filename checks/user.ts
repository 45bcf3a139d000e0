// Who a program runs as. Node becomes a number; names stand in /etc/passwd, or getent knows them.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type Identity = {
  readonly uid?: number;
  readonly gid?: number;
  readonly environment: Readonly<Record<string, string>>;
};

type Entry = readonly string[];

/** The ids of a user and group; a sentence when one of them does not exist. Null is who runs this. */
export function identityOf(user: string | null, group: string | null): Identity | string {
  const entry = user === null ? null : find("passwd", user);
  if (entry === undefined) return `there is no user ${user}`;
  const groupEntry = group === null ? null : find("group", group);
  if (groupEntry === undefined) return `there is no group ${group}`;
  const [name = "root", , uid, gid, , home = "/"] = entry ?? [];
  const own = process.getuid?.() === Number(uid) && group === null;
  return {
    // Who we are already is not asked for: an ordinary user may not even do that.
    ...(entry === null || own ? {} : { uid: Number(uid), gid: Number(groupEntry?.[2] ?? gid) }),
    ...(entry === null && groupEntry !== null ? { gid: Number(groupEntry[2]) } : {}),
    environment: entry === null ? { HOME: "/" } : { HOME: home, USER: name, LOGNAME: name },
  };
}

export const userExists = (name: string): boolean => find("passwd", name) !== undefined;
export const groupExists = (name: string): boolean => find("group", name) !== undefined;

function find(database: "passwd" | "group", name: string): Entry | undefined {
  return entryIn(read(`/etc/${database}`), name) ?? entryIn(getent(database, name), name) ?? numeric(name);
}

const entryIn = (text: string, name: string): Entry | undefined =>
  text
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name || (/^\d+$/.test(name) && fields[2] === name));

/** A number needs no name. */
const numeric = (name: string): Entry | undefined =>
  /^\d+$/.test(name) ? [name, "x", name, name, "", "/"] : undefined;

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Directory services answer here; each name is asked for once. */
const known = new Map<string, string>();
function getent(database: string, name: string): string {
  const key = `${database} ${name}`;
  const told =
    known.get(key) ?? spawnSync("getent", [database, "--", name], { encoding: "utf8", timeout: 2_000 }).stdout ?? "";
  known.set(key, told);
  return told;
}
