// Every line that Keepalived 2.2.7 would not accept, when somebody asks for it.

import { expect, test } from "vitest";
import { UNPORTABLE } from "../../config/codes.ts";
import { type CorpusFile, corpusFiles, corpusIsThere, loadCorpusFile, skipWithoutCorpus } from "./corpus.ts";
import { loadText } from "./memory.ts";

const instance = (lines: string, address = "192.0.2.10/24") =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n${lines}\n  virtual_ipaddress {\n    ${address}\n  }\n}\n`;

const unportableLines = (text: string, others: Readonly<Record<string, string>> = {}) => {
  const { diagnostics } = loadText(text, { assumeHonoured: true, portable: true }, others);
  const lines = diagnostics.filter(({ code }) => UNPORTABLE.has(code)).map(({ position }) => position.line);
  return [...new Set(lines)];
};

test("a file of Keepalived's words has none, and nothing is told unless asked", () => {
  expect(unportableLines(instance("  priority 150\n  nopreempt"))).toEqual([]);
  const own = instance("  strict_checksum");
  expect(unportableLines(own)).toEqual([4]);
  expect(loadText(own).diagnostics).toEqual([]);
});

test.each([
  ["own blocks, line by line", "vrrp_check c {\n  ping 192.0.2.1\n  interval 0.5\n}\n", [1, 2, 3]],
  ["blocks in own blocks", "vrrp_check c {\n  metric {\n    file /x\n    step 1 -5\n  }\n}\n", [1, 2, 3, 4]],
  ["what is tracked by them", instance("  track_check {\n    c\n  }"), [4, 5]],
  ["own words in Keepalived's blocks", 'vrrp_script s {\n  script "/bin/true"\n  hold_down 5\n}\n', [3]],
  ["own options", instance("", "192.0.2.10/24 on_loss ignore"), [6]],
  ["newer keywords", instance("  timer_expired_backup\n  v3_checksum_as_v2"), [4, 5]],
  ["newer blocks", instance("  auth_hmac {\n    active_key 1\n  }"), [4, 5]],
  ["fractions of seconds", 'vrrp_script s {\n  script "/bin/true"\n  interval 0.5\n}\n', [3]],
  [
    "trackers defined below",
    `${instance("  track_script {\n    s\n  }")}vrrp_script s {\n  script "/bin/true"\n}\n`,
    [5],
  ],
  ["includes under conditions", `@node1 include a.conf\n${instance("")}`, [1]],
  ["stricter includes", `includem a.conf\n${instance("")}`, [1]],
  ["the environment", `global_defs {\n  router_id x\${_ENV HOME}\n}\n${instance("")}`, [2]],
  ["long lines", `# ${"x".repeat(2_000)}\nglobal_defs {\n  router_id ${"x".repeat(1_100)}\n}\n`, [3]],
])("%s", (_, text, lines) => {
  expect(unportableLines(text, { "/etc/heird/a.conf": "global_defs {\n}\n" })).toEqual(lines);
});

test.skipIf(skipWithoutCorpus("346 configurations of others"))(
  "what Keepalived 2.2.7 takes without a complaint is portable",
  () => {
    const quiet = (file: CorpusFile) => file.verdict.messages.length === 0 && file.daemon.runs;
    const files = corpusIsThere ? corpusFiles().filter(quiet) : [];
    const blamed = files.filter((file) =>
      loadCorpusFile(file, { portable: true }).diagnostics.some(({ code }) => UNPORTABLE.has(code)),
    );
    expect(files.length).toBeGreaterThan(50);
    expect(blamed.map(({ id }) => id)).toEqual([]);
  },
);
