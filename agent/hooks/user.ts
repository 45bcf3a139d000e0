// Who a hook runs as.

import { spawnSync } from "node:child_process";
import { entryOf } from "../users/lookup.ts";

export type Identity = { readonly uid: number; readonly gid: number; readonly name: string; readonly home: string };

const SCRIPT_USER = "keepalived_script";

/**
 * The ids of a user and group, or a sentence. Nobody named: `keepalived_script` where that user exists
 * and we may become it, else who we are, as Keepalived does.
 */
export function identityOf(user: string | null, group: string | null): Identity | string {
  const ourselves = process.getuid?.() ?? 0;
  const wanted =
    user ?? (ourselves === 0 && entryOf("passwd", SCRIPT_USER) !== undefined ? SCRIPT_USER : String(ourselves));
  const entry = entryOf("passwd", wanted);
  if (entry === undefined) return `there is no user ${wanted}`;
  const groupEntry = group === null ? undefined : entryOf("group", group);
  if (group !== null && groupEntry === undefined) return `there is no group ${group}`;
  const [name = wanted, , uid = wanted, gid = "0", , home = "/"] = entry;
  return { uid: Number(uid), gid: Number(groupEntry?.[2] ?? gid), name, home };
}

/** The groups that a user is in besides the one of its own entry, which whoever runs under another has not. */
export function otherGroupsOf(user: string): readonly number[] {
  const { stdout } = spawnSync("id", ["-G", "--", user], { encoding: "utf8", timeout: 2_000 });
  return (stdout ?? "").trim().split(" ").slice(1).map(Number).filter(Number.isSafeInteger);
}
