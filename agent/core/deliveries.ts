// Who is told a notice: programs, URLs, people. Which, with which arguments, and in which order is
// Keepalived's; that each of them is a thing that can be done, fail and be done again is ours.

import type { HookCommand, HookConfig, NotifyConfig, ScriptHook, Webhook } from "./config.ts";
import type { Notice, NoticeWord } from "./effect.ts";
import { preparationOf } from "./notice.ts";
import { type Instant, instantAt } from "./time.ts";

export type Delivery =
  | { readonly type: "script"; readonly hook: string; readonly command: HookCommand; readonly args: readonly string[] }
  | { readonly type: "webhook"; readonly hook: string; readonly webhook: Webhook }
  | { readonly type: "mail"; readonly hook: "smtp_alert" };

/** What a word is called in `webhook { events }`; words that change no state are not told there. */
const EVENTS: { readonly [word in NoticeWord]?: string } = {
  MASTER: "master",
  BACKUP: "backup",
  FAULT: "fault",
  STOP: "stop",
  DELETED: "stop",
};

const SCRIPTS: { readonly [word in NoticeWord]?: ScriptHook } = {
  MASTER: "master",
  BACKUP: "backup",
  FAULT: "fault",
  STOP: "stop",
  DELETED: "deleted",
  MASTER_RX_LOWER_PRI: "lowerPriority",
};

const KEYWORDS: Readonly<Record<ScriptHook, string>> = {
  master: "notify_master",
  backup: "notify_backup",
  fault: "notify_fault",
  stop: "notify_stop",
  generic: "notify",
  deleted: "notify_deleted",
  lowerPriority: "notify_master_rx_lower_pri",
};

/**
 * Names a notice for ever: the log and the boot it belongs to, the instant, and what happened to whom.
 * A daemon that reads the log of a dead one comes to the same name. Safe in a header, a path and a shell.
 */
export const eventIdOf = (life: string, { at, word, kind, name, router }: Notice): string =>
  [life, String(at), word, ...(kind === "GROUP" ? ["group", name] : router.split("/"))]
    .map((part) => part.replaceAll(/[^A-Za-z0-9._-]/g, (character) => `%${hex(character)}`))
    .join("/");

/** When that happened which an event tells of; null where the name is none of ours. */
export function instantOf(event: string): Instant | null {
  const [, at = ""] = event.split("/");
  return /^\d+$/.test(at) ? instantAt(Number(at)) : null;
}

const hex = (character: string): string => (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, "0");

/** Whether a notice is about another state than the one before: such a one overtakes those before it. */
export const isTransition = ({ word }: Notice): boolean => EVENTS[word] !== undefined;

/** Everything that is to be done about a notice, in this order. */
export function deliveriesOf(notice: Notice, { mail }: NotifyConfig): readonly Delivery[] {
  const { word, hooks } = notice;
  const event = EVENTS[word];
  const scripts = scriptsFor(notice);
  const webhooks = hooks.webhooks.filter(({ events }) => event !== undefined && events.includes(event));
  return [
    ...scripts.map((hook) => script(notice, hook)).filter((delivery) => delivery !== null),
    ...webhooks.map((webhook): Delivery => ({ type: "webhook", hook: `webhook ${webhook.url}`, webhook })),
    ...(hooks.mail && isMailed(notice, mail) ? [{ type: "mail", hook: "smtp_alert" } as const] : []),
  ];
}

/** A router that a new configuration took away is FAULT for `notify` alone (lab: Keepalived 2.2.7). */
function scriptsFor({ word, to }: Notice): readonly ScriptHook[] {
  const own = SCRIPTS[word];
  if (own === undefined) return [];
  if (word === "MASTER_RX_LOWER_PRI") return [own];
  return word === "FAULT" && to === "initialize" ? ["generic"] : [own, "generic"];
}

function script({ kind, name, word, priority, hooks }: Notice, hook: ScriptHook): Delivery | null {
  const command = hooks.scripts[hook];
  if (command === null) return null;
  const args = hook === "generic" ? [kind, name, word, String(priority)] : [];
  return { type: "script", hook: KEYWORDS[hook], command, args };
}

/** A mail tells a change and not how it all began (A16). */
function isMailed({ word, from }: Notice, mail: NotifyConfig["mail"]): boolean {
  if (mail === null || from === "initialize" || EVENTS[word] === undefined) return false;
  return word !== "FAULT" || mail.faults;
}

/** What runs before the addresses come or go; null for nothing. */
export function preparation(notice: Notice): Extract<Delivery, { type: "script" }> | null {
  const command: HookConfig["preMaster"] = preparationOf(notice);
  if (command === null) return null;
  return { type: "script", hook: notice.to === "master" ? "pre_master" : "pre_backup", command, args: [] };
}
