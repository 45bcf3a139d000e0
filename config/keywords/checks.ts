// vrrp_check, heird's own: what is asked without a program, in the words of vrrp_script.

import { block, command, decimal, flag, iface, type Keyword, own, text, texts, weight, whole } from "./keyword.ts";

const PATIENCE = 86_400;

/** Slow to believe, slow to forget: for checks and for scripts. */
export const HYSTERESIS: readonly Keyword[] = [
  own("rise_master", whole(1, 2_147_483_647), "honoured", "As rise, while Master.", { default: "rise" }),
  own("fall_master", whole(1, 2_147_483_647), "honoured", "As fall, while Master.", { default: "fall" }),
  own("rise_backup", whole(1, 2_147_483_647), "honoured", "As rise, while not Master.", { default: "rise" }),
  own("fall_backup", whole(1, 2_147_483_647), "honoured", "As fall, while not Master.", { default: "fall" }),
  own("hold_down", decimal(0, PATIENCE), "honoured", "How long it stays bad at least, once it is bad.", {
    default: "0",
  }),
  own("min_good", decimal(0, PATIENCE), "honoured", "How long it must have been good before it counts as good.", {
    default: "0",
  }),
  own("jitter", decimal(0, 60), "honoured", "Up to how much later each run begins, drawn anew each time.", {
    default: "0",
  }),
  own("flap_penalty", block("flap_penalty", false), "honoured", "Hold it bad while it changes too often."),
];

export const FLAP_PENALTY: readonly Keyword[] = [
  own("per_flap", whole(1, 100_000), "honoured", "The penalty of one change from good to bad.", { default: "1000" }),
  own("suppress", whole(1, 1_000_000), "honoured", "From this penalty on it counts as bad.", { default: "2000" }),
  own("reuse", whole(1, 1_000_000), "honoured", "Below this penalty it counts again.", { default: "750" }),
  own("half_life", decimal(1, PATIENCE), "honoured", "In this time half of the penalty is forgotten.", {
    default: "60",
  }),
  own("max_suppress", decimal(1, PATIENCE), "honoured", "No longer than this it is held bad.", {
    default: "4 × half_life",
  }),
];

export const CHECK: readonly Keyword[] = [
  own("http", text("URL"), "honoured", "Ask for a page; https where the URL says so.", { aliases: ["https"] }),
  own("tcp", texts("host and port", 2, 2), "honoured", "Make a connection."),
  own("ping", text("host"), "honoured", "Ask for an echo (ICMP or ICMPv6)."),
  own("dns", texts("name and type", 1, 2), "honoured", "Look a name up; the type is A when none is given."),
  own("route", text("prefix or default"), "honoured", "A route that must be in a table."),
  own(
    "arp",
    text("address"),
    "honoured",
    "A neighbour that must answer: ARP for IPv4, neighbour solicitation for IPv6.",
    {
      aliases: ["nd"],
    },
  ),
  own("metric", block("metric", false), "honoured", "A number that moves the priority by degrees."),

  own("interval", decimal(0.05, 4294), "honoured", "How often.", { default: "1" }),
  own("timeout", decimal(0.01, 4294), "honoured", "How long an answer may take before that is a failure.", {
    default: "interval",
  }),
  own("weight", weight(253), "honoured", "What its result adds to the priority; 0: failing means FAULT.", {
    default: "0",
  }),
  own("rise", whole(1, 2_147_483_647), "honoured", "Successes in a row that make it good.", { default: "1" }),
  own("fall", whole(1, 2_147_483_647), "honoured", "Failures in a row that make it bad.", { default: "1" }),
  own("init_fail", flag, "honoured", "Bad until it has succeeded."),
  ...HYSTERESIS,

  own("source", text("address"), "honoured", "The source address (http, tcp, ping, dns)."),
  own("device", iface, "honoured", "The interface to ask through (ping, arp), or of the route."),
  own(
    "latency",
    decimal(0.001, 4294),
    "honoured",
    "A good answer that takes longer is a failure (http, tcp, ping, dns).",
  ),

  own("method", text("method"), "honoured", "What is done with the page (http).", { default: "GET" }),
  own("header", texts("name and value", 2, 2), "honoured", "A header of the request (http).", { twice: "both" }),
  own("host", text("name"), "honoured", "The name in Host and SNI instead of the URL's (http)."),
  own("expect_status", texts("codes and ranges", 1, 16), "honoured", "The codes that are good (http).", {
    default: "200-299",
  }),
  own("expect_body", text("text"), "honoured", "What the page must contain (http)."),
  own("expect_regex", text("regular expression"), "honoured", "What the page must match (http)."),
  own("expect_json", texts("JSON pointer and value", 2, 2), "honoured", "What the page must say there (http)."),
  own("max_body", whole(1, 1_048_576, "bytes"), "honoured", "How much of the page is read (http).", {
    default: "65536",
  }),
  own("keep_alive", flag, "honoured", "One connection for many requests, instead of a fresh one each (http)."),
  own("ca", text("path"), "honoured", "Certificates to trust instead of the system's (http)."),
  own("cert", text("path"), "honoured", "The certificate to show (http)."),
  own("key", text("path"), "honoured", "The key of that certificate (http)."),
  own("insecure", flag, "honoured", "Do not verify the certificate (http)."),
  own("expiry", whole(1, 3650, "days"), "honoured", "How long the certificate must still be valid (http)."),

  own("send", text("text"), "honoured", "What is said after connecting; \\r, \\n, \\t, \\\\ and \\xHH as in C (tcp)."),
  own("expect", text("text"), "honoured", "What must be in the answer (tcp: as send; dns: a whole record).", {
    twice: "both",
  }),
  own("resolver", text("address"), "honoured", "Who is asked (dns).", { default: "the system's" }),
  own("count", whole(1, 20), "honoured", "Echoes in one run (ping).", { default: "1" }),
  own("loss", whole(0, 99, "%"), "honoured", "How many of them may be lost (ping).", { default: "0" }),
  own("table", text("table"), "honoured", "The routing table (route).", { default: "main" }),
  own("via", text("address"), "honoured", "The gateway it must have (route)."),
];

export const METRIC: readonly Keyword[] = [
  own("file", text("path"), "honoured", "A file that holds the number."),
  own("url", text("URL"), "honoured", "A page that holds the number."),
  own("script", command, "honoured", "A command that prints the number."),
  own("pointer", text("JSON pointer"), "honoured", "Where in a JSON document the number stands."),
  own(
    "linear",
    texts("from, to, weight at from, weight at to", 4, 4),
    "honoured",
    "Between two numbers the weight follows the number; beyond them it stays.",
  ),
  own("step", texts("number and weight", 2, 2), "honoured", "From this number on, this weight.", { twice: "both" }),
];
