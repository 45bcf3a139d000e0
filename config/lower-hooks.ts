// Who is told about an instance or a group, as the core takes it.

import type { HookConfig, NotifyConfig, Webhook } from "../agent/core/config.ts";
import type { DeclaredGlobals, DeclaredHookExtras, DeclaredHooks } from "./declaration.ts";
import { hookCommand } from "./hook-globals.ts";

type Owner = DeclaredHookExtras & { readonly hooks: DeclaredHooks; readonly smtpAlert: boolean };

/** The hooks of one instance or group; the webhooks of global_defs are everybody's. */
export function hooksOf(owner: Owner, globals: DeclaredGlobals): HookConfig {
  const { hooks } = owner;
  return {
    scripts: {
      master: hookCommand(hooks.master),
      backup: hookCommand(hooks.backup),
      fault: hookCommand(hooks.fault),
      stop: hookCommand(hooks.stop),
      generic: hookCommand(hooks.generic),
      deleted: hookCommand(hooks.deleted),
      lowerPriority: hookCommand(hooks.master_rx_lower_pri),
    },
    preMaster: hookCommand(owner.preMaster),
    preBackup: hookCommand(owner.preBackup),
    saysDeleted: owner.saysDeleted,
    priorityChanges: owner.priorityChanges ?? globals.priorityChanges,
    mail: owner.smtpAlert,
    webhooks: webhooksOf(owner, globals),
    policy: owner.hookPolicy,
  };
}

/** Each URL once: what the instance says of it counts. */
function webhooksOf(owner: Owner, globals: DeclaredGlobals): readonly Webhook[] {
  const own = new Set(owner.webhooks.map(({ url }) => url));
  return [...owner.webhooks, ...globals.webhooks.filter(({ url }) => !own.has(url))];
}

/** What all hooks share. A mail without a sender comes from keepalived at this host, as Keepalived's does. */
export function notifyOf({ notify }: DeclaredGlobals, hostname: string): NotifyConfig {
  const { mail } = notify;
  if (mail === null) return { ...notify, mail };
  return { ...notify, mail: { ...mail, from: mail.from ?? `keepalived@${hostname}`, helo: mail.helo ?? hostname } };
}
