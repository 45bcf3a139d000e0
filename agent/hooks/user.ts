// Who a program runs as. Names stand in /etc/passwd and /etc/group, or getent knows them.

import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

export type Identity = { readonly uid: number; readonly gid: number; readonly name: string; readonly home: string };

const SCRIPT_USER = "keepalived_script";

/**
 * The ids of a user and group, or a sentence. Nobody named: `keepalived_script` where that user exists
 * and we may become it, else who we are, as Keepalived does.
 */
export function identityOf(user: string | null, group: string | null): Identity | string {
  const ourselves = process.getuid?.() ?? 0;
  const wanted =
    user ?? (ourselves === 0 && find("passwd", SCRIPT_USER) !== undefined ? SCRIPT_USER : String(ourselves));
  const entry = find("passwd", wanted);
  if (entry === undefined) return `there is no user ${wanted}`;
  const groupEntry = group === null ? undefined : find("group", group);
  if (group !== null && groupEntry === undefined) return `there is no group ${group}`;
  const [name = wanted, , uid = wanted, gid = "0", , home = "/"] = entry;
  return { uid: Number(uid), gid: Number(groupEntry?.[2] ?? gid), name, home };
}

type Database = "passwd" | "group";

function find(database: Database, name: string): readonly string[] | undefined {
  const numeric = /^\d+$/.test(name) ? [name, "x", name, name, "", "/"] : undefined;
  return entryIn(read(`/etc/${database}`), name) ?? entryIn(getent(database, name), name) ?? numeric;
}

const entryIn = (text: string, name: string): readonly string[] | undefined =>
  text
    .split("\n")
    .map((line) => line.split(":"))
    .find((fields) => fields[0] === name || (/^\d+$/.test(name) && fields[2] === name));

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Directory services answer here; this process may wait for them, the daemon would not. */
const known = new Map<string, string>();
function getent(database: Database, name: string): string {
  const key = `${database} ${name}`;
  const told =
    known.get(key) ?? spawnSync("getent", [database, "--", name], { encoding: "utf8", timeout: 2_000 }).stdout;
  known.set(key, told ?? "");
  return told ?? "";
}

/**
 * The groups that a user is in besides the one of its own entry. Keepalived gives that one only to whoever
 * is not said to run under another (lab: 2.2.7).
 */
export function otherGroupsOf(user: string): readonly number[] {
  const { stdout } = spawnSync("id", ["-G", "--", user], { encoding: "utf8", timeout: 2_000 });
  return (stdout ?? "")
    .trim()
    .split(" ")
    .slice(1)
    .map(Number)
    .filter((gid) => Number.isSafeInteger(gid) && gid > 0);
}

/** Why root should not run this: somebody else may change it, or a directory above it. Null when nobody can. */
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
