// From what is to be told to what is to be done about it: which queue, under which policy, with what.

import type { HookPolicy, NotifyConfig, Webhook } from "../core/config.ts";
import type { Delivery } from "../core/deliveries.ts";
import type { Notice } from "../core/effect.ts";
import { type Duration, seconds } from "../core/time.ts";
import type { Deed } from "./deed.ts";
import { documentOf, type Story, type Telling, variablesOf } from "./document.ts";
import type { Job } from "./queue.ts";

const MAIL_POLICY: HookPolicy = {
  order: "all",
  deadline: seconds(120),
  retries: 3,
  backoff: seconds(5),
  preDeadline: seconds(0),
};
/** The answer's own timeout comes first. */
const GRACE: Duration = seconds(1);

export type What = { readonly delivery: Delivery; readonly story: Story; readonly notify: NotifyConfig };

export function queueName({ kind, name }: Notice, delivery: Delivery): string {
  if (delivery.type === "script") return `${kind} ${name}`;
  return delivery.type === "webhook" ? delivery.hook : "mail";
}

export function policyOf({ hooks: { policy } }: Notice, delivery: Delivery): HookPolicy {
  if (delivery.type === "script") return delivery.hook.startsWith("pre_") ? { ...policy, retries: 0 } : policy;
  return delivery.type === "mail" ? MAIL_POLICY : webhookPolicy(policy, delivery.webhook);
}

const webhookPolicy = (policy: HookPolicy, { timeout, retries, backoff }: Webhook): HookPolicy => ({
  ...policy,
  order: "all",
  deadline: (timeout + GRACE) as Duration,
  retries,
  backoff,
});

export function deedOf({ what, event }: Job<What>, about: Pick<Telling, "attempt" | "superseded">): Deed {
  const { delivery, story, notify: shared } = what;
  const telling = { hook: delivery.hook, ...about };
  const document = documentOf(story, telling);
  switch (delivery.type) {
    case "script":
      return {
        type: "script",
        program: {
          argv: [...delivery.command.argv, ...delivery.args],
          user: delivery.command.user ?? shared.user,
          group: delivery.command.group ?? (delivery.command.user === null ? shared.group : null),
          security: shared.security,
          supplementaryGroups: shared.supplementaryGroups,
          variables: variablesOf(story, telling),
          input: document,
        },
      };
    case "webhook":
      return { type: "webhook", webhook: delivery.webhook, event, attempt: about.attempt, document };
    case "mail":
      return { type: "mail", mail: mailOf(shared), event, ...letterOf(story, document) };
  }
}

function mailOf({ mail }: NotifyConfig): NonNullable<NotifyConfig["mail"]> {
  if (mail === null) throw new Error("a mail without anybody to get it");
  return mail;
}

const letterOf = ({ node, kind, name, state, reason }: Story, document: string) => ({
  subject: `[${node}] VRRP ${kind === "GROUP" ? "group" : "Instance"} ${name} - ${state} (${reason})`,
  text: JSON.stringify(JSON.parse(document), null, 2),
});
