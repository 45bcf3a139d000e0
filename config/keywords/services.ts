// heird's own around the virtual routers: hooks with a policy, the log, the audit, who may ask.

import { decimal, type Keyword, oneOf, own, text, texts, whole } from "./keyword.ts";

export const HOOK_POLICY: readonly Keyword[] = [
  own("order", oneOf("all", "latest"), "honoured", "Run every hook in order, or leave out those that are overtaken.", {
    default: "all",
  }),
  own("deadline", decimal(0.1, 86_400), "honoured", "How long a hook may take before its process group is killed.", {
    default: "60",
  }),
  own("retries", whole(0, 100), "honoured", "How often a hook that failed is run again.", { default: "0" }),
  own("backoff", decimal(0.1, 3600), "honoured", "How long to wait before that; doubled each time.", { default: "1" }),
  own(
    "pre_deadline",
    decimal(0, 10),
    "honoured",
    "How long pre_master and pre_backup may hold back the addresses; 0: they are not waited for.",
    { default: "0" },
  ),
];

export const WEBHOOK: readonly Keyword[] = [
  own("secret_file", text("path"), "honoured", "The key that signs the document (HMAC-SHA-256)."),
  own("events", texts("states", 1, 5), "honoured", "What is told: master, backup, fault, stop.", {
    default: "master backup fault stop",
  }),
  own("timeout", decimal(0.1, 300), "honoured", "How long the answer may take.", { default: "10" }),
  own("retries", whole(0, 1000), "honoured", "How often it is tried again.", { default: "10" }),
  own("backoff", decimal(0.1, 3600), "honoured", "How long to wait before that; doubled each time.", { default: "1" }),
  own("ca", text("path"), "honoured", "Certificates to trust instead of the system's."),
  own("cert", text("path"), "honoured", "The certificate to show."),
  own("key", text("path"), "honoured", "The key of that certificate."),
];

export const EVENT_LOG: readonly Keyword[] = [
  own("directory", text("directory"), "pending", "Where it is kept.", { default: "log in the state directory" }),
  own(
    "retention_size",
    whole(16, 1_048_576, "MiB"),
    "honoured",
    "How much of it is kept; up to twice as much of what an audit still has to ship.",
    { default: "1024" },
  ),
  own("retention_age", whole(1, 36_500, "days"), "honoured", "How long it is kept, and until it is shipped.", {
    default: "90",
  }),
  own("segment_size", whole(1, 1024, "MiB"), "honoured", "How large one file of it becomes.", { default: "16" }),
  own("recorder", whole(0, 86_400, "s"), "honoured", "How much raw input the flight recorder holds; 0 for none.", {
    default: "600",
  }),
  own("recorder_before", whole(0, 3600, "s"), "honoured", "How much of it is kept from before a transition.", {
    default: "30",
  }),
  own("recorder_after", whole(0, 3600, "s"), "honoured", "How much of it is kept from after a transition.", {
    default: "10",
  }),
];

export const AUDIT: readonly Keyword[] = [
  own("redis", text("URL"), "honoured", "Where the log goes: redis://, rediss:// or unix:; several for a cluster.", {
    twice: "both",
  }),
  own("sentinel", texts("host and port", 1, 2), "honoured", "Whom to ask for the Redis instead (port 26379).", {
    twice: "both",
  }),
  own("sentinel_name", text("name"), "honoured", "How the sentinels call that Redis."),
  own("cluster", text("name"), "honoured", "The routers whose logs belong together."),
  own("node", text("name"), "honoured", "This router among them.", { default: "router_id" }),
  own("username", text("name"), "honoured", "The user of the Redis."),
  own("password_file", text("path"), "honoured", "A file with the password on its first line."),
  own("password_env", text("variable"), "honoured", "A variable of the environment with the password."),
  own("tls_ca", text("path"), "honoured", "Certificates to trust instead of the system's."),
  own("tls_cert", text("path"), "honoured", "The certificate to show."),
  own("tls_key", text("path"), "honoured", "The key of that certificate."),
  own("retention", whole(1, 36_500, "days"), "honoured", "How long the Redis keeps it.", { default: "400" }),
];

export const CONTROL: readonly Keyword[] = [
  own("socket", text("path"), "pending", "The socket that heird status and its sisters ask.", {
    default: "control.sock in the state directory",
  }),
  own("group", text("group"), "pending", "Who else may ask.", { default: "nobody" }),
  own("mode", text("mode"), "pending", "The rights of the socket, in octal.", { default: "0660" }),
];

export const METRICS: readonly Keyword[] = [
  own(
    "listen",
    texts("address and port", 2, 2),
    "honoured",
    "Where Prometheus finds them, as http://ADDRESS:PORT/metrics.",
    { twice: "both" },
  ),
  own("compat", oneOf("keepalived-exporter"), "pending", "Also under the names of Keepalived's exporters."),
];
