// 259 small files with one mistake or oddity each: heird says something with a place, or has the
// same configuration. None is passed in silence.

import { expect, test } from "vitest";
import { mistakes, skipWithoutCorpus } from "./corpus.ts";
import { codesOf, loadText } from "./memory.ts";
import { asInstance, instanceSummary } from "./summary.ts";

/** What the verdicts say about one instance. */
const FIELDS = [
  "name",
  "version",
  "family",
  "vrid",
  "priority",
  "state",
  "advert_int",
  "interface",
  "vips",
  "excluded_vips",
  "unicast",
  "unicast_peers",
  "auth",
  "preempt",
  "preempt_delay",
  "sync_group",
  "track",
] as const;

const only = (one: ReturnType<typeof instanceSummary>) =>
  Object.fromEntries(FIELDS.map((field) => [field, one[field]]));

/** Where heird says nothing although Keepalived complained or did not run: the configuration is what was written. */
const QUIET: Readonly<Record<string, string>> = {
  "net_namespace missing": "the daemon enters it when it starts, and refuses to start without it",
  "smtp_server name unknown": "names are not looked up while a file is read",
};

const host = {
  interfaceExists: (name: string) => ["eth0", "eth1", "lo"].includes(name),
  userExists: (name: string) => ["root", "nobody"].includes(name),
  cannotRun: (program: string, user: string) => {
    if (program.startsWith("/no/")) return "it does not exist";
    return program.startsWith("/") || user === "root" ? null : "it was not found";
  },
};

test.skipIf(skipWithoutCorpus("259 mistakes"))("no mistake is passed in silence", () => {
  const silent: string[] = [];
  for (const mistake of mistakes()) {
    const loaded = loadText(mistake.text, { host });
    const mine = loaded.declaration.instances.map((one) => only(instanceSummary(one)));
    const theirs = (mistake.instances ?? []).map((one) => only(asInstance(one)));
    const same = loaded.config !== null && JSON.stringify(mine) === JSON.stringify(theirs);
    const accepted = same && mistake.messages.length === 0 && mistake.daemon.runs;
    if (!accepted && loaded.diagnostics.length === 0 && QUIET[mistake.name] === undefined) silent.push(mistake.name);
  }
  expect(silent).toEqual([]);
});

test.skipIf(skipWithoutCorpus("259 mistakes"))("every error and every warning has a remedy", () => {
  const bare = mistakes().flatMap(({ name, text }) =>
    loadText(text, { host })
      .diagnostics.filter(({ severity, help }) => severity !== "info" && (help ?? "") === "")
      .map(({ code }) => `${name}: ${code}`),
  );
  expect(bare).toEqual([]);
});

test.skipIf(skipWithoutCorpus("259 mistakes"))(
  "what Keepalived runs without a complaint, heird runs with the same configuration or says why not",
  () => {
    const refused: string[] = [];
    for (const mistake of mistakes()) {
      if (mistake.messages.length > 0 || !mistake.daemon.runs) continue;
      const loaded = loadText(mistake.text, { host, assumeHonoured: true });
      if (loaded.config === null) refused.push(mistake.name);
      else if (!/defined after use/.test(mistake.name)) {
        expect(
          loaded.declaration.instances.map((one) => only(instanceSummary(one))),
          mistake.name,
        ).toEqual((mistake.instances ?? []).map((one) => only(asInstance(one))));
      }
    }
    // The silent traps: a setting that Keepalived loses without a word.
    expect(refused).toEqual(
      [
        "auth_type absent",
        "IPv6 with version 2",
        "notify unquoted with arguments",
        "two keywords on one line",
        "keyword repeated on its line",
        "vrrp_script defined twice",
        "script security on, no script_user",
      ].filter((name) => refused.includes(name)),
    );
    expect(refused.length).toBeLessThanOrEqual(8);
  },
);

const instance = (lines: string) =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n${lines}\n  virtual_ipaddress {\n    192.0.2.10/24\n  }\n}\n`;

test("a password that loses its end to a comment has a diagnostic of its own", () => {
  const loaded = loadText(instance("  authentication {\n    auth_type PASS\n    auth_pass Test123!\n  }"));
  expect(codesOf(loaded)).toEqual(["H0021 6:15"]);
  expect(loaded.config?.routers[0]?.authentication).toEqual({ type: "pass", password: "Test123" });
});

test("unquoted script arguments are an error that shows the quoted form", () => {
  const { diagnostics } = loadText(
    `vrrp_script c {\n  script /usr/bin/killall -0 haproxy\n}\n${instance("  track_script {\n    c\n  }")}`,
    { assumeHonoured: true },
  );
  const found = diagnostics.find(({ code }) => code === "H0017");
  expect(found?.position).toEqual({ file: "/etc/heird/heird.conf", line: 2, column: 27, length: 10 });
  expect(found?.help).toBe('write script "/usr/bin/killall -0 haproxy"');
});

// Keepalived 2.2.7 says "missing terminating" and drops the program, or hands over what stands in front of the NUL.
test.each([
  [`"/bin/a 'open"`, "H0020 4:18", String.raw`close it with '; a word with that sign in it is written \"a'b\"`],
  [
    String.raw`"/bin/a \"open"`,
    "H0020 4:18",
    String.raw`close it with \"; a word with that sign in it is written 'a\"b'`,
  ],
  [`"'/bin/a' it's"`, "H0020 4:22", /close it with '/],
  [String.raw`"/bin/a it\'s"`, "H0020 4:20", /close it with '/],
  [`'/bin/a "open'`, "H0020 4:18", String.raw`close it with "; a word with that sign in it is written \'a"b\'`],
  [String.raw`"/bin/a x\"`, "H0020 4:10", /on this line/],
  [`"/bin/a" 'x`, "H0020 4:19", /on this line/],
  [String.raw`"/bin/a \x00 y"`, "H0124 4:10", /escapes/],
  [String.raw`"/bin/a \xff"`, "H0124 4:10", /escapes/],
  [`"'' x"`, "H0002 4:3", /behind the keyword/],
  [`""`, "H0002 4:3", /behind the keyword/],
])("the command %s is told where it is wrong", (text, where, help) => {
  const loaded = loadText(instance(`  notify ${text}`));
  expect(codesOf(loaded).filter((code) => !code.startsWith("H0504"))).toEqual([where]);
  expect(loaded.config).toBeNull();
  expect(loaded.diagnostics.find(({ code }) => code === where.slice(0, 5))?.help).toMatch(help);
});

test("commands with all their quotes closed are not", () => {
  for (const text of [
    String.raw`"/bin/a \"a'b\" 'a\"b' it\\'s"`,
    String.raw`'/bin/a \'a"b\' "a\'b"'`,
    `"/bin/a \\xc3\\xa9"`,
  ])
    expect(loadText(instance(`  notify ${text}`)).config, text).not.toBeNull();
});

test("words at the end of a line are told, and keywords among them are an error", () => {
  expect(codesOf(loadText(instance("  priority 99 / 22")))).toEqual(["H0004 4:15"]);
  expect(codesOf(loadText(instance("  state BACKUP priority 200")))).toEqual(["H0005 4:16"]);
});

test("an unknown block is one error, and nothing behind its brace is lost", () => {
  const loaded = loadText(instance("  foo {\n    bar 1\n  }\n  priority 90"));
  expect(codesOf(loaded)).toEqual(["H0018 4:3"]);
  expect(loaded.declaration.instances[0]?.priority).toBe(90);
  expect(loaded.declaration.instances[0]?.addresses.map(({ address }) => address)).toEqual(["192.0.2.10"]);
});
