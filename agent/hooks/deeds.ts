// From what is to be told to what is to be done about it: which queue, under which policy, with what.

import type { HookCommand, HookPolicy, NotifyConfig, Webhook } from "../core/config.ts";
import type { Delivery } from "../core/deliveries.ts";
import type { Notice } from "../core/effect.ts";
import { type Duration, seconds } from "../core/time.ts";
import { USUAL_UMASK } from "../core/usual.ts";
import type { Deed, Program } from "./deed.ts";
import { documentOf, type Story, type Telling, variablesOf } from "./document.ts";
import type { Job } from "./queue.ts";

/** A mail server greets slowly, and asks others about us before it answers. */
const CONVERSATION: Duration = seconds(90);
const MAIL = { order: "all", retries: 3, backoff: seconds(5) } as const;
/** The answer's own timeout comes first. */
const GRACE: Duration = seconds(1);

export type What = { readonly delivery: Delivery; readonly story: Story; readonly notify: NotifyConfig };

/** A server that is slow about one instance holds back nothing of another, nor this one's programs. */
export function queueName({ kind, name }: Notice, delivery: Delivery): string {
  return delivery.type === "script" ? `${kind} ${name}` : `${delivery.hook} ${kind} ${name}`;
}

export function policyOf({ hooks: { policy } }: Notice, delivery: Delivery, { mail }: NotifyConfig): HookPolicy {
  if (delivery.type === "script") return delivery.hook.startsWith("pre_") ? { ...policy, retries: 0 } : policy;
  if (delivery.type === "webhook") return webhookPolicy(policy, delivery.webhook);
  return { ...policy, ...MAIL, deadline: ((mail?.timeout ?? 0) + CONVERSATION) as Duration };
}

/** To whom it is told that is not this machine: he is told by the next daemon, too. */
export const outlives = ({ type }: Delivery): boolean => type !== "script";

/** A hook is begun anew so often when the process that ran it is lost: then it may be the hook that ends it. */
const MOST_LOSSES = 2;

/** What was to come before the addresses is not begun anew behind them. */
export const lossesOf = ({ hook }: Delivery): number => (hook.startsWith("pre_") ? 0 : MOST_LOSSES);

const webhookPolicy = (policy: HookPolicy, { timeout, retries, backoff }: Webhook): HookPolicy => ({
  ...policy,
  order: "all",
  deadline: (timeout + GRACE) as Duration,
  retries,
  backoff,
});

type About = Pick<Telling, "attempt" | "superseded"> & Pick<Extract<Deed, { type: "mail" }>, "rest">;

export function deedOf({ what, event }: Job<What>, { rest, ...about }: About): Deed {
  const { delivery, story, notify: shared } = what;
  const telling = { hook: delivery.hook, ...about };
  const document = documentOf(story, telling);
  switch (delivery.type) {
    case "script":
      return {
        type: "script",
        program: {
          ...programOf(delivery.command, shared, delivery.args),
          variables: variablesOf(story, telling),
          input: document,
        },
      };
    case "webhook":
      return { type: "webhook", webhook: delivery.webhook, event, attempt: about.attempt, document };
    case "mail":
      return { type: "mail", mail: mailOf(shared), rest, event, ...letterOf(story, document) };
  }
}

/** A program as the configuration has it run, with these arguments behind its own; it is told nothing else. */
export const programOf = (command: HookCommand, shared: NotifyConfig, args: readonly string[] = []): Program => ({
  argv: [...command.argv, ...args],
  ...whoRuns(command, shared),
  security: shared.security,
  supplementaryGroups: shared.supplementaryGroups,
  umask: shared.umask ?? USUAL_UMASK,
  variables: {},
  input: "",
});

/** A user of its own has that user's group, not the one of `script_user`. */
export const whoRuns = ({ user, group }: HookCommand, shared: NotifyConfig): Pick<HookCommand, "user" | "group"> => ({
  user: user ?? shared.user,
  group: group ?? (user === null ? shared.group : null),
});

function mailOf({ mail }: NotifyConfig): NonNullable<NotifyConfig["mail"]> {
  if (mail === null) throw new Error("a mail without anybody to get it");
  return mail;
}

/** The whole story, for people first. */
function letterOf({ node, kind, name, state, reason, from, time, cause }: Story, document: string) {
  const who = `${kind === "GROUP" ? "group" : "Instance"} ${name}`;
  const lines = [
    `${name} on ${node} was ${from} and is ${state} since ${time}: ${reason}`,
    ...cause.map((one) => `  ${one.time} ${one.what}`),
    "",
    JSON.stringify(JSON.parse(document), null, 2),
  ];
  return { subject: `[${node}] VRRP ${who} - ${state} (${reason})`, text: lines.join("\n") };
}
