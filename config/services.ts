// heird's own around the virtual routers: event_log, audit, control, metrics, and how hooks are run.

import type { HookPolicy, Webhook } from "../agent/core/config.ts";
import { seconds } from "../agent/core/time.ts";
import type { DeclaredHookExtras } from "./declaration.ts";
import type { DeclaredServices } from "./declared-services.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { hostPort, linesWith, modeOf, spanIn, tlsIn, urlOf } from "./forms.ts";
import { commandIn, wordsIn } from "./objects.ts";
import { boolIn, entriesOf, entryOf, has, numberIn, type Section, textIn, withEntries } from "./section.ts";
import { placeOf } from "./syntax.ts";

/** All blocks of one kind as one; null when there is none. */
function together(root: Section, name: string): Section | null {
  const sections = entriesOf(root, name).flatMap(({ section }) => (section === null ? [] : [section]));
  const [first] = sections;
  if (first === undefined || sections.length === 1) return first ?? null;
  return withEntries(
    first,
    sections.flatMap(({ entries }) => entries),
  );
}

const nothing = (root: Section): Section => withEntries(root, []);

/** What runs beside the virtual routers. */
export function declareServices(root: Section, report: Report): DeclaredServices {
  const log = together(root, "event_log") ?? nothing(root);
  const control = together(root, "control") ?? nothing(root);
  const metrics = together(root, "metrics") ?? nothing(root);
  const audit = together(root, "audit");
  return {
    eventLog: {
      directory: textIn(log, "directory") ?? null,
      retentionMebibytes: numberIn(log, "retention_size") ?? 1_024,
      retentionDays: numberIn(log, "retention_age") ?? 90,
      segmentMebibytes: numberIn(log, "segment_size") ?? 16,
      recorder: spanIn(log, "recorder") ?? seconds(600),
      recorderBefore: spanIn(log, "recorder_before") ?? seconds(30),
      recorderAfter: spanIn(log, "recorder_after") ?? seconds(10),
    },
    audit: audit === null ? null : auditIn(audit, report),
    control: {
      socket: textIn(control, "socket") ?? null,
      group: textIn(control, "group") ?? null,
      mode: modeOf(entryOf(control, "mode"), 0o660, report),
    },
    metrics: {
      listen: linesWith(metrics, "listen").flatMap((words) => hostPort(words, "listen", null, report)),
      keepalivedExporter: textIn(metrics, "compat") === "keepalived-exporter",
    },
  };
}

function auditIn(section: Section, report: Report): DeclaredServices["audit"] {
  const redis = linesWith(section, "redis").flatMap(([word]) =>
    word === undefined ? [] : (urlOf(word, "redis", ["redis", "rediss", "unix"], report) ?? []),
  );
  const sentinels = linesWith(section, "sentinel").flatMap((words) => hostPort(words, "sentinel", 26_379, report));
  const sentinelName = textIn(section, "sentinel_name") ?? null;
  const said = entryOf(section, "redis") ?? entryOf(section, "sentinel");
  if (said === undefined)
    report(
      problem("H0204", section.place, "audit names no Redis", "write redis URL, or sentinel HOST and sentinel_name"),
    );
  const asked = entryOf(section, "sentinel");
  if (asked !== undefined && sentinelName === null)
    report(problem("H0204", asked.place, "sentinel needs sentinel_name beside it", "write sentinel_name NAME"));
  const cluster = textIn(section, "cluster");
  if (cluster === undefined)
    report(
      problem(
        "H0204",
        section.place,
        "audit has no cluster",
        "write cluster and one name for all routers that belong together",
      ),
    );
  secretsInUrls(section, report);
  return {
    redis,
    sentinels,
    sentinelName,
    cluster: cluster ?? "",
    node: textIn(section, "node") ?? null,
    username: textIn(section, "username") ?? null,
    password: passwordIn(section, report),
    tls: tlsIn(section, "tls_", report),
    retentionDays: numberIn(section, "retention") ?? 400,
  };
}

/** A configuration is read by more people than a secret should be. */
function secretsInUrls(section: Section, report: Report): void {
  for (const [word] of linesWith(section, "redis")) {
    if (word !== undefined && /\/\/[^/@]*:[^/@]*@/.test(word.text))
      report(
        problem(
          "H0127",
          placeOf(word),
          "redis: the URL has a password in it",
          "write the URL without, and password_file PATH or password_env NAME",
        ),
      );
  }
}

function passwordIn(section: Section, report: Report): NonNullable<DeclaredServices["audit"]>["password"] {
  const file = entryOf(section, "password_file");
  const variable = entryOf(section, "password_env");
  if (file !== undefined && variable !== undefined)
    report(
      problem(
        "H0127",
        variable.place,
        "the password comes from a file and from the environment",
        "remove one of them",
        [noteAt(file.place, "the other one")],
      ),
    );
  const name = textIn(section, file === undefined ? "password_env" : "password_file");
  return name === undefined ? null : { from: file === undefined ? "environment" : "file", name };
}

/** What Keepalived does: every hook, once, and nobody waits. */
export const DEFAULT_POLICY: HookPolicy = {
  order: "all",
  deadline: seconds(60),
  retries: 0,
  backoff: seconds(1),
  preDeadline: seconds(0),
};

/** hook_policy of a section, where it says something; the one around it where it does not. */
export function hookPolicyIn(section: Section, around: HookPolicy): HookPolicy {
  if (!has(section, "hook_policy")) return around;
  const policy = together(section, "hook_policy");
  if (policy === null) return around;
  const order = textIn(policy, "order");
  return {
    order: order === "all" || order === "latest" ? order : around.order,
    deadline: spanIn(policy, "deadline") ?? around.deadline,
    retries: numberIn(policy, "retries") ?? around.retries,
    backoff: spanIn(policy, "backoff") ?? around.backoff,
    preDeadline: spanIn(policy, "pre_deadline") ?? around.preDeadline,
  };
}

const NONE: readonly never[] = [];
const EVENTS = ["master", "backup", "fault", "stop"];

/** The webhooks of a section, each URL once. */
export function webhooksIn(section: Section, report: Report): readonly Webhook[] {
  if (!has(section, "webhook")) return NONE;
  const seen = new Map<string, Section>();
  return entriesOf(section, "webhook").flatMap((entry) => {
    const [word] = entry.args;
    if (entry.section === null || word === undefined) return [];
    const url = urlOf(word, "webhook", ["https", "http"], report);
    const before = seen.get(word.text);
    if (before !== undefined) {
      const notes = [noteAt(before.place, "the other one")];
      report(problem("H0202", entry.place, `webhook ${word.text} is defined twice`, "remove one of them", notes));
    }
    seen.set(word.text, entry.section);
    return url === undefined || before !== undefined ? [] : [webhook(url, entry.section, report)];
  });
}

function webhook(url: string, section: Section, report: Report): Webhook {
  const events = wordsIn(section, "events") ?? EVENTS;
  const entry = entryOf(section, "events");
  for (const word of entry?.args ?? []) {
    if (!EVENTS.includes(word.text))
      report(problem("H0105", placeOf(word), `events: "${word.text}" is not one of ${EVENTS.join(", ")}`));
  }
  return {
    url,
    secretFile: textIn(section, "secret_file") ?? null,
    events,
    timeout: spanIn(section, "timeout") ?? seconds(10),
    retries: numberIn(section, "retries") ?? 10,
    backoff: spanIn(section, "backoff") ?? seconds(1),
    tls: tlsIn(section, "", report),
  };
}

/** What heird adds to the hooks of an instance or a group; `around` is what global_defs says. */
export function hookExtrasIn(section: Section, around: HookPolicy, report: Report): DeclaredHookExtras {
  const hookPolicy = hookPolicyIn(section, around);
  for (const name of ["pre_master", "pre_backup"]) {
    const entry = entryOf(section, name);
    if (entry !== undefined && hookPolicy.preDeadline === 0)
      report(
        problem(
          "H0306",
          entry.place,
          `${name} is started, but the addresses do not wait for it`,
          "write hook_policy { pre_deadline SECONDS }",
        ),
      );
  }
  return {
    preMaster: commandIn(section, "pre_master"),
    preBackup: commandIn(section, "pre_backup"),
    saysDeleted: has(section, "notify_deleted"),
    priorityChanges: boolIn(section, "notify_priority_changes") ?? null,
    hookPolicy,
    webhooks: webhooksIn(section, report),
  };
}
