// The scripts an instance or a group runs when something changes.

import { type DeclaredHooks, HOOKS, type Hook } from "./declaration.ts";
import { commandIn } from "./objects.ts";
import type { Section } from "./section.ts";

const KEYWORD: Readonly<Record<Hook, string>> = {
  master: "notify_master",
  backup: "notify_backup",
  fault: "notify_fault",
  stop: "notify_stop",
  generic: "notify",
  deleted: "notify_deleted",
  master_rx_lower_pri: "notify_master_rx_lower_pri",
};

/** The hooks of a section; null for those it leaves out. */
export function hooksIn(section: Section): DeclaredHooks {
  const of = (hook: Hook) => [hook, commandIn(section, KEYWORD[hook])] as const;
  return Object.fromEntries(HOOKS.map(of)) as DeclaredHooks;
}
