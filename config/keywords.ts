// Every keyword as data, by the block it stands in.

import { CHECK, FLAP_PENALTY, METRIC } from "./keywords/checks.ts";
import { GLOBAL } from "./keywords/global.ts";
import { AUTH_HMAC, AUTHENTICATION, INSTANCE } from "./keywords/instance.ts";
import type { BlockName, Keyword } from "./keywords/keyword.ts";
import { BFD, GARP_GROUP, SCRIPT, SYNC_GROUP, TRACK_FILE, TRACK_GROUP, TRACK_PROCESS } from "./keywords/objects.ts";
import { ROOT } from "./keywords/root.ts";
import { AUDIT, CONTROL, EVENT_LOG, HOOK_POLICY, METRICS, WEBHOOK } from "./keywords/services.ts";

/** The table. */
export const KEYWORDS: Readonly<Record<BlockName, readonly Keyword[]>> = {
  root: ROOT,
  global_defs: GLOBAL,
  vrrp_instance: INSTANCE,
  authentication: AUTHENTICATION,
  auth_hmac: AUTH_HMAC,
  vrrp_sync_group: SYNC_GROUP,
  vrrp_script: SCRIPT,
  track_file: TRACK_FILE,
  vrrp_track_process: TRACK_PROCESS,
  bfd_instance: BFD,
  garp_group: GARP_GROUP,
  track_group: TRACK_GROUP,
  vrrp_check: CHECK,
  metric: METRIC,
  flap_penalty: FLAP_PENALTY,
  hook_policy: HOOK_POLICY,
  webhook: WEBHOOK,
  event_log: EVENT_LOG,
  audit: AUDIT,
  control: CONTROL,
  metrics: METRICS,
};

const BY_NAME = new Map(
  Object.entries(KEYWORDS).map(([block, rows]) => [
    block,
    new Map(rows.flatMap((keyword) => [keyword.name, ...keyword.aliases].map((name) => [name, keyword] as const))),
  ]),
);

/** The row of a word in a block, by its name or one of its old names. */
export const keywordIn = (block: BlockName, name: string): Keyword | undefined => BY_NAME.get(block)?.get(name);

/** The blocks in which a word is a keyword. */
export const blocksWith = (name: string): readonly BlockName[] =>
  (Object.keys(KEYWORDS) as BlockName[]).filter((block) => keywordIn(block, name) !== undefined);

const COMMANDS = new Set(
  Object.values(KEYWORDS).flatMap((rows) =>
    rows.filter(({ shape }) => shape.kind === "command").map(({ name }) => name),
  ),
);

/** Whether a keyword's argument is a command line somewhere. */
export const isCommand = (name: string): boolean => COMMANDS.has(name);
