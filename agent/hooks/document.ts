// The whole story in one document: what a hook finds on its standard input and in its environment, and
// what a webhook is sent. The fields are a promise; `schema` grows when one changes its meaning.

import type { Notice } from "../core/effect.ts";
import { type Standard, standardOf } from "../core/reason.ts";
import type { Instant } from "../core/time.ts";

/** What only the machine around the fold knows. */
export type Circumstances = {
  readonly event: string;
  /** When it happened, in ms since 1970. */
  readonly time: number;
  readonly routerId: string;
};

export type Story = {
  readonly schema: 1;
  /** The same for every attempt, also after a crash: whoever has seen it has seen all of this. */
  readonly event: string;
  readonly time: string;
  readonly node: string;
  readonly kind: Notice["kind"];
  readonly name: string;
  readonly state: Notice["word"];
  readonly group: string | null;
  readonly router: string;
  readonly from: Notice["from"];
  readonly to: Notice["to"];
  readonly reason: Notice["because"];
  /** The reason in the words of the standards. */
  readonly standard: Standard;
  /** The oldest first; `time` as above. */
  readonly cause: readonly { readonly time: string; readonly what: string }[];
  readonly priority: number;
  readonly basePriority: number;
  readonly interface: string;
  readonly family: Notice["family"];
  readonly vrid: number;
  readonly addresses: readonly string[];
  readonly masterBefore: Notice["masterBefore"];
  readonly masterAfter: Notice["masterAfter"];
};

/** Everything about a notice but how often it was told. */
export function storyOf(notice: Notice, { event, time, routerId }: Circumstances): Story {
  const { at, kind, name, word, router, group, from, to, because, cause, ...rest } = notice;
  const clock = (when: Instant): string => new Date(time - Math.round((at - when) / 1_000)).toISOString();
  return {
    schema: 1,
    event,
    time: clock(at),
    node: routerId,
    kind,
    name,
    state: word,
    group,
    router,
    from,
    to,
    reason: because,
    standard: standardOf(because, to),
    cause: cause.map((one) => ({ time: clock(one.at), what: one.what })),
    priority: rest.priority,
    basePriority: rest.basePriority,
    interface: rest.interface,
    family: rest.family,
    vrid: rest.vrid,
    addresses: rest.addresses,
    masterBefore: rest.masterBefore,
    masterAfter: rest.masterAfter,
  };
}

export type Telling = { readonly hook: string; readonly attempt: number; readonly superseded: boolean };

/** One line of JSON. */
export const documentOf = (story: Story, { hook, attempt, superseded }: Telling): string =>
  `${JSON.stringify({ ...story, hook, attempt, superseded })}\n`;

/** The same as variables, for scripts that read no JSON; what is not known is empty. */
export function variablesOf(story: Story, { hook, attempt, superseded }: Telling): Readonly<Record<string, string>> {
  const { masterBefore, masterAfter } = story;
  return {
    HEIRD_SCHEMA: String(story.schema),
    HEIRD_EVENT: story.event,
    HEIRD_TIME: story.time,
    HEIRD_NODE: story.node,
    HEIRD_KIND: story.kind,
    HEIRD_NAME: story.name,
    HEIRD_STATE: story.state,
    HEIRD_GROUP: story.group ?? "",
    HEIRD_ROUTER: story.router,
    HEIRD_FROM: story.from,
    HEIRD_TO: story.to,
    HEIRD_REASON: story.reason,
    HEIRD_RFC8347: story.standard.rfc8347 ?? "",
    HEIRD_RFC8347BIS: story.standard.rfc8347bis ?? "",
    HEIRD_RFC6527: String(story.standard.rfc6527),
    HEIRD_CAUSE: story.cause.map(({ what }) => what).join("; "),
    HEIRD_PRIORITY: String(story.priority),
    HEIRD_BASE_PRIORITY: String(story.basePriority),
    HEIRD_INTERFACE: story.interface,
    HEIRD_FAMILY: story.family,
    HEIRD_VRID: String(story.vrid),
    // A thousand addresses would not fit into an environment; the document has them all.
    HEIRD_ADDRESSES: story.addresses.slice(0, 100).join(" "),
    HEIRD_MASTER_BEFORE: masterBefore?.address ?? "",
    HEIRD_MASTER_AFTER: masterAfter?.address ?? "",
    HEIRD_HOOK: hook,
    HEIRD_ATTEMPT: String(attempt),
    HEIRD_SUPERSEDED: superseded ? "1" : "0",
    HEIRD_SUPERSEDED_FD: "3",
  };
}

/** Whoever hands these on hands on more than a hook should have: the linker, Node, the service manager, ourselves, secrets. */
const WITHHELD = /^(IFS$|LD_|NODE_|NOTIFY_SOCKET$|WATCHDOG_|LISTEN_|HEIRD_)|(PASSWORD|PASSWD|SECRET|TOKEN)/i;

/** The daemon's own environment, as Keepalived hands it on, but for what no program of somebody else should have. */
export const inherited = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || WITHHELD.test(name) ? [] : [[name, value]],
    ),
  );
