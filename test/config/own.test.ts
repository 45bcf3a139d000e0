// heird's own words: what they declare, what is wrong with them, and that Keepalived's own files are
// told apart from files that use them.

import { expect, test } from "vitest";
import { EXAMPLES } from "../../config/examples.ts";
import type { BlockName } from "../../config/keywords/keyword.ts";
import { KEYWORDS } from "../../config/keywords.ts";
import { codesOf, loadText } from "./memory.ts";

const honoured = { assumeHonoured: true } as const;
const instance = (lines: string, address = "192.0.2.10/24") =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n${lines}\n  virtual_ipaddress {\n    ${address}\n  }\n}\n`;
const check = (lines: string) =>
  loadText(`vrrp_check c {\n${lines}\n}\n${instance("  track_check {\n    c\n  }")}`, honoured);
const probeOf = (lines: string) => check(lines).declaration.checks[0]?.probe;
const errorsOf = (text: string) =>
  loadText(text, honoured)
    .diagnostics.filter(({ severity }) => severity === "error")
    .map(({ code, position: { line, column } }) => `${code} ${line}:${column}`);

test.each(EXAMPLES)("the example of %s loads", (_, text) => {
  const runs = text.includes("vrrp_instance");
  const { diagnostics, files } = loadText(runs ? text : `${text}\n${instance("")}`, honoured);
  expect(files.size).toBe(1);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
});

test("every block of heird's own has an example", () => {
  const own = (Object.keys(KEYWORDS) as BlockName[]).filter((block) => KEYWORDS[block].every((row) => row.own));
  expect(own.length).toBeGreaterThan(7);
  expect(own.filter((block) => !EXAMPLES.some(([about]) => about === block))).toEqual([]);
});

test("each kind of check, with its defaults", () => {
  expect(probeOf("http https://192.0.2.1/x")).toMatchObject({
    kind: "http",
    method: "GET",
    status: [{ from: 200, to: 299 }],
    verify: true,
    maxBody: 65_536,
  });
  expect(probeOf("tcp db.example 5432\nsend x\nexpect y")).toEqual({
    kind: "tcp",
    host: "db.example",
    port: 5432,
    send: "x",
    expect: ["y"],
  });
  expect(probeOf("ping 2001:db8::1\ncount 3\nloss 34")).toEqual({
    kind: "ping",
    host: "2001:db8::1",
    count: 3,
    loss: 34,
  });
  expect(probeOf("dns example.net mx\nresolver 192.0.2.53")).toBeUndefined();
  expect(probeOf("dns example.net MX\nresolver 192.0.2.53")).toMatchObject({ type: "MX", resolver: "192.0.2.53" });
  // Answers are told in canonical form, and compared as text.
  expect(probeOf("dns example.net AAAA\nexpect 2001:DB8:0::80")).toMatchObject({ expect: ["2001:db8::80"] });
  expect(probeOf("dns example.net TXT\nexpect 2001:DB8:0::80")).toMatchObject({ expect: ["2001:DB8:0::80"] });
  expect(probeOf("route 10.0.0.0/8\nvia 192.0.2.1\ntable 100")).toEqual({
    kind: "route",
    prefix: "10.0.0.0/8",
    table: "100",
    via: "192.0.2.1",
  });
  expect(probeOf("nd 2001:db8::1")).toEqual({ kind: "arp", address: "2001:db8::1" });
});

test("an answer that cannot come is not waited for", () => {
  for (const lines of ["dns example.net\nexpect 2001:db8::80", "dns example.net AAAA\nexpect 192.0.2.7"])
    expect(check(lines).diagnostics.map(({ code }) => code)).toContain("H0103");
  expect(check("dns example.net A\nexpect mail.example.net").diagnostics).toMatchObject([
    {
      code: "H0103",
      message: 'expect: an answer of type A is an IPv4 address, and "mail.example.net" is none',
      help: "write the address, or another type behind the name",
    },
  ]);
});

test("a metric's steps are put in order, and its strongest weight stands for it", () => {
  const { declaration } = check("metric {\nfile /run/n\nstep 20 0\nstep 0 -40\nstep 5 -10\n}");
  expect(declaration.checks[0]?.probe).toMatchObject({
    scale: {
      kind: "steps",
      steps: [
        { from: 0, weight: -40 },
        { from: 5, weight: -10 },
        { from: 20, weight: 0 },
      ],
    },
  });
  expect(declaration.instances[0]?.tracks.checks[0]).toMatchObject({ name: "c", weight: -40 });
});

test("milliseconds and hysteresis, in checks and in scripts", () => {
  const words =
    "interval 0.05\ntimeout 0.04\nhold_down 10\nmin_good 1.5\nfall_master 5\nflap_penalty {\nhalf_life 30\n}";
  const [one] = check(`ping 192.0.2.1\n${words}`).declaration.checks;
  // In microseconds: 0.05 s, 0.04 s; four half-lives of 30 s are 120 s.
  expect(one).toMatchObject({ interval: 50_000, timeout: 40_000, rise: 1, fall: 1 });
  expect(one?.hysteresis).toMatchObject({
    holdDown: 10_000_000,
    minGood: 1_500_000,
    fallMaster: 5,
    riseMaster: null,
    flapPenalty: { perFlap: 1_000, suppress: 2_000, reuse: 750, halfLife: 30_000_000, maxSuppress: 120_000_000 },
  });
  const script = loadText(
    `vrrp_script s {\nscript "/bin/true"\nrise_backup 7\n}\n${instance("track_script {\ns\n}")}`,
    honoured,
  );
  expect(script.declaration.scripts[0]?.hysteresis.riseBackup).toBe(7);
});

test.each([
  ["interval 0.04\nping 192.0.2.1", "H0104 2:10"],
  ["ping 192.0.2.1\ntcp 192.0.2.1 80", "H0126 3:1"],
  ["interval 1", "H0126 1:1"],
  ["ping 192.0.2.1\nmethod HEAD", "H0125 3:1"],
  ["http 192.0.2.1/x", "H0123 2:6"],
  ["http ftp://192.0.2.1/x", "H0123 2:6"],
  ["http http://192.0.2.1/x\nexpect_status 2xx", "H0124 3:15"],
  ["http http://192.0.2.1/x\nexpect_json a.b 1", "H0124 3:13"],
  ['http http://192.0.2.1/x\nexpect_regex "(a"', "H0124 3:14"],
  ["http http://192.0.2.1/x\ninsecure", "H0127 3:1"],
  ["http https://192.0.2.1/x\ncert /c", "H0204 3:1"],
  ["tcp 192.0.2.1 70000", "H0104 2:15"],
  ["tcp 192.0.2.1", "H0002 2:1"],
  ["ping 192.0.2.300", "H0103 2:6"],
  ["arp gateway", "H0103 2:5"],
  ["ping 192.0.2.1\nflap_penalty {\nreuse 2000\n}", "H0127 3:1"],
  ["metric {\nstep 1 2\n}", "H0204 2:1"],
  ["http http://u:p@192.0.2.1/x", "H0123 2:6"],
  ["http http://192.0.2.1/x\nmethod HEAD\nexpect_body y", "H0127 4:1"],
  ["http http://192.0.2.1/x\ndevice eth0", "H0125 3:1"],
  ["http http://[2001:db8::1]/x\nsource 192.0.2.9", "H0127 3:1"],
  ["ping 192.0.2.1\nsource 2001:db8::9", "H0127 3:1"],
  ["dns a.example\nresolver 192.0.2.1\nsource 2001:db8::9", "H0127 4:1"],
  ["nd fe80::1", "H0127 1:1"],
  ["tcp fe80::1 80", "H0127 1:1"],
  ["metric {\nfile /x\nlinear 9 1 0 -5\n}", "H0127 4:10"],
])("a mistake in a check: %s", (lines, wanted) => {
  const loaded = check(lines);
  expect(loaded.config).toBeNull();
  expect(codesOf(loaded)).toContain(wanted);
});

test("what a check may say: a name and any source, a link-local neighbour through its interface", () => {
  for (const lines of [
    "http http://a.example/x\nsource 192.0.2.9",
    "tcp 2001:db8::1 80\nsource 2001:db8::9",
    "nd fe80::1\ndevice eth0",
    "ping fe80::1\ndevice eth0",
    "http http://192.0.2.1/x\nmethod HEAD",
  ])
    expect(check(lines).diagnostics).toEqual([]);
});

test("a metric of a file may stand in a document, and its weights in its scale only", () => {
  expect(probeOf("metric {\nfile /n\npointer /a\nstep 1 2\n}")).toMatchObject({
    number: { kind: "file", path: "/n", pointer: "/a" },
  });
  const metric = "vrrp_check c {\nmetric {\nfile /n\npointer /a\nstep 1 2\n}\n}\n";
  const { config } = loadText(`${metric}${instance("  track_check {\n    c\n  }")}`, honoured);
  expect(config?.checks.map(({ question }) => question)).toEqual([
    { kind: "metric", number: { kind: "file", path: "/n" }, pointer: "/a" },
  ]);
  const weighed = `${metric}${instance("  track_check {\n    c weight 5\n  }")}`;
  expect(errorsOf(weighed)).toEqual(["H0127 12:7"]);
});

test("checks are found wherever they stand, and what is defined nowhere is an error", () => {
  const tracked = instance("  track_check {\n    c weight -20\n  }\n  witness {\n    w release\n  }");
  const later = loadText(`${tracked}vrrp_check c {\nping 192.0.2.1\n}\nvrrp_check w {\narp 192.0.2.1\n}\n`, honoured);
  expect(later.config).not.toBeNull();
  expect(later.declaration.instances[0]?.tracks.checks).toMatchObject([{ name: "c", weight: -20 }]);
  expect(later.declaration.instances[0]?.witnesses).toMatchObject([{ name: "w", policy: "release" }]);
  expect(codesOf(later).filter((code) => code.startsWith("H0205"))).toEqual([]);
  expect(errorsOf(tracked)).toEqual(["H0201 5:5", "H0201 8:5"]);
  expect(codesOf(loadText("vrrp_check c {\nping 192.0.2.1\n}\n", honoured))).toContain("H0205 1:1");
  expect(errorsOf("vrrp_check c {\nping 192.0.2.1\n}\nvrrp_check c {\nping 192.0.2.2\n}\n")).toEqual(["H0202 4:1"]);
});

test("what an address's loss means: its own word, the instance's, the global one", () => {
  const of = (text: string) => loadText(text, honoured).declaration.instances[0];
  expect(of(instance(""))?.onLoss).toBe("restore");
  expect(of(`global_defs {\nvrrp_on_loss failover\n}\n${instance("")}`)?.onLoss).toBe("failover");
  const own = of(
    `global_defs {\nvrrp_on_loss failover\n}\n${instance("on_loss ignore", "192.0.2.10/24 on_loss restore")}`,
  );
  expect([own?.onLoss, own?.addresses[0]?.onLoss]).toEqual(["ignore", "restore"]);
  expect(errorsOf(instance("", "192.0.2.10/24 on_loss maybe"))).toEqual(["H0105 6:27"]);
  expect(errorsOf(instance("", "192.0.2.10/24 no_track on_loss failover"))).toEqual(["H0127 6:5"]);
});

test("a hook policy says what it says, and the rest comes from global_defs", () => {
  const text = `global_defs {\nhook_policy {\ndeadline 5\nretries 2\n}\n}\n${instance("hook_policy {\norder latest\ndeadline 7\n}")}`;
  // In microseconds; 1 s of backoff and no pre_deadline are the defaults.
  expect(loadText(text, honoured).declaration.instances[0]?.hookPolicy).toEqual({
    order: "latest",
    deadline: 7_000_000,
    retries: 2,
    backoff: 1_000_000,
    preDeadline: 0,
  });
  expect(codesOf(loadText(instance('  pre_master "/bin/true"'), honoured))).toContain("H0306 4:3");
});

test("the audit wants a Redis, a cluster and no password in its URL", () => {
  expect(errorsOf("audit {\n}\n")).toEqual(["H0204 1:1", "H0204 1:1"]);
  expect(errorsOf("audit {\ncluster c\nredis rediss://u:secret@192.0.2.1\n}\n")).toEqual(["H0127 3:7"]);
  expect(errorsOf("audit {\ncluster c\nsentinel 192.0.2.1\n}\n")).toEqual(["H0204 3:1"]);
  expect(errorsOf("audit {\ncluster c\nredis redis://h\npassword_file /f\npassword_env E\n}\n")).toEqual(["H0127 5:1"]);
});

test("control, metrics and limits are checked in form", () => {
  expect(errorsOf("control {\nmode 0999\n}\n")).toEqual(["H0124 2:6"]);
  expect(errorsOf("metrics {\nlisten 127.0.0.1\n}\n")).toEqual(["H0002 2:1"]);
  for (const [word, meant] of [
    ["127.0.0.1:9165", "127.0.0.1 9165"],
    ["[::1]:9165", "::1 9165"],
  ])
    expect(loadText(`metrics {\nlisten ${word}\n}\n`).diagnostics[0]?.help).toBe(`write listen ${meant}`);
  expect(errorsOf(instance("max_failovers 0 60"))).toEqual(["H0104 4:15"]);
  expect(errorsOf(instance("priority_change later"))).toEqual(["H0105 4:17"]);
  const { services } = loadText("control {\nmode 600\n}\nmetrics {\nlisten ::1 9165\n}\n", honoured).declaration;
  expect(services.control.mode).toBe(0o600);
  expect(services.metrics.listen).toEqual([{ host: "::1", port: 9165 }]);
});

test.each([
  ["vrrp_check", "ping 192.0.2.1\ncount 0", "track_check"],
  ["vrrp_check", "interval 1", "track_check"],
  ["vrrp_script", "interval 1", "track_script"],
  ["vrrp_script", "script /bin/true\nrise 0", "track_script"],
  ["track_file", "weight 1", "track_file"],
  ["vrrp_track_process", "quorum 1", "track_process"],
  ["vrrp_track_process", "process a\nquorum x", "track_process"],
])("what is defined with a mistake is not said to be defined nowhere: %s { %s }", (block, lines, track) => {
  const told = errorsOf(`${block} c {\n${lines}\n}\n${instance(`${track} {\nc\n}`)}`);
  expect(told).toHaveLength(1);
  expect(told[0]).not.toMatch(/^H0201/);
});

test("what would leave a router unsafe is refused until it is honoured; the rest is warned of once", () => {
  const tracked = loadText(`vrrp_check c {\nping 192.0.2.1\n}\n${instance("witness {\nc\n}")}`);
  expect(tracked.config).toBeNull();
  expect(codesOf(tracked)).toEqual(["H0402 7:1"]);
  const kept = loadText(`event_log {\ndirectory /srv\n}\n${instance("fast_handover", "192.0.2.10/24 on_loss ignore")}`);
  expect(kept.config).not.toBeNull();
  expect(codesOf(kept)).toEqual(["H0401 2:1"]);
});

test("how the log is kept is what the file says", () => {
  const { config } = loadText(
    `event_log {\nretention_size 64\nretention_age 5\nsegment_size 2\nrecorder 60\nrecorder_before 20\nrecorder_after 5\n}\n${instance("", "192.0.2.10/24")}`,
  );
  expect(config?.eventLog).toEqual({
    retentionBytes: 64 * 1024 * 1024,
    retentionAge: 5 * 86_400 * 1_000_000,
    segmentBytes: 2 * 1024 * 1024,
    recorder: 60_000_000,
    recorderBefore: 20_000_000,
    recorderAfter: 5_000_000,
  });
});
