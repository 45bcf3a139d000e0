// Who the program of a check runs as.

import { entryOf } from "../agent/users/lookup.ts";

export type Identity = {
  readonly uid?: number;
  readonly gid?: number;
  readonly environment: Readonly<Record<string, string>>;
};

/** The ids of a user and group; a sentence when one of them does not exist. Null is who runs this. */
export function identityOf(user: string | null, group: string | null): Identity | string {
  const entry = user === null ? null : entryOf("passwd", user);
  if (entry === undefined) return `there is no user ${user}`;
  const groupEntry = group === null ? null : entryOf("group", group);
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
