// The scripts an instance or a group runs when something changes.

import type { DeclaredHooks, Hook } from "./declaration.ts";
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
  const of = (hook: Hook) => commandIn(section, KEYWORD[hook]);
  return {
    master: of("master"),
    backup: of("backup"),
    fault: of("fault"),
    stop: of("stop"),
    generic: of("generic"),
    deleted: of("deleted"),
    master_rx_lower_pri: of("master_rx_lower_pri"),
  };
}
