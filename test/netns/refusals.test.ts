// The confused administrator: whatever cannot work is said in one line with cause and remedy, ends
// with a code of its own, and leaves the machine as it was: no address, no packet.

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Finished } from "./command.ts";
import { configOf, SAMPLE_MASTER } from "./config.ts";
import { type Home, heird } from "./heird.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS, type Site } from "./site.ts";

const VIP = "192.168.1.1";
/** Would be Master at once, if it ran at all. */
const eager = configOf({ priority: 255, addresses: [`${VIP}/24`] });

type Case = {
  readonly title: string;
  readonly code: number;
  /** Cause and remedy, in the one line. */
  readonly says: RegExp;
  readonly config?: string;
  /** Gives the words that run it, and prepares what is to be wrong. */
  readonly argv?: (home: Home, site: Site) => readonly string[] | Promise<readonly string[]>;
};

const runOf = ({ configFile, stateDirectory }: Home, file = configFile, directory = stateDirectory) =>
  heird("run", "-f", file, "--state-dir", directory);

const CASES: readonly Case[] = [
  {
    title: "an answer that finds no room",
    code: 1,
    says: /cannot write the answer: ENOSPC.*; it is not whole/,
    argv: () => ["sh", "-c", 'exec "$0" "$@" > /dev/full', ...heird("version")],
  },
  {
    title: "a missing interface",
    config: eager.replace("interface eth0", "interface eth7"),
    code: 6,
    says: /no interface eth7; create it first/,
  },
  {
    title: "an address on a missing interface",
    config: configOf({ priority: 255, addresses: [`${VIP}/24 dev eth8`] }),
    code: 6,
    says: /no interface eth8; create it first/,
  },
  {
    title: "no CAP_NET_RAW",
    argv: (home) => ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", ...runOf(home)],
    code: 1,
    // What is odd about the file is told before, though a start that succeeds does not wait for it.
    says: /H0509[\s\S]*CAP_NET_RAW missing: run as root/,
  },
  {
    title: "no CAP_NET_ADMIN",
    argv: (home) => ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", ...runOf(home)],
    code: 1,
    says: /CAP_NET_ADMIN missing: run as root/,
  },
  {
    title: "neither of them, and not root",
    argv: (home) => {
      chmodSync(home.configFile, 0o644);
      chmodSync(home.configFile.replace(/\/[^/]*$/, ""), 0o755);
      return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...runOf(home)];
    },
    code: 1,
    says: /CAP_NET_RAW and CAP_NET_ADMIN missing: run as root/,
  },
  {
    title: "a virtual address that somebody else has put here",
    config: configOf({ priority: 200, addresses: [`${VIP}/24`] }),
    argv: async (home, site) => {
      await site.host("rt1").run(["ip", "address", "add", `${VIP}/24`, "dev", "eth0"]);
      return runOf(home);
    },
    code: 6,
    says: /192\.168\.1\.1 is on eth0 already.*ip addr del 192\.168\.1\.1\/24 dev eth0/,
  },
  {
    title: "a missing file",
    argv: (home) => runOf(home, `${home.configFile}.missing`),
    code: 4,
    says: /cannot read .*missing: it does not exist/,
  },
  {
    title: "a directory in the place of the file",
    argv: (home) => runOf(home, home.configFile.replace(/\/[^/]*$/, "")),
    code: 4,
    says: /cannot read .*: it is a directory/,
  },
  {
    title: "a file that may not be read",
    argv: (home) => {
      chmodSync(home.configFile.replace(/\/[^/]*$/, ""), 0o755);
      const caps = ["--inh-caps", "+net_raw,+net_admin", "--ambient-caps", "+net_raw,+net_admin"];
      return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...caps, ...runOf(home)];
    },
    code: 4,
    says: /cannot read .*(permission|may not)/i,
  },
  {
    title: "a mistake in the file",
    config: eager.replace("virtual_router_id 1", "virtual_router_id 300"),
    code: 4,
    says: /virtual_router_id.*300/,
  },
  {
    title: "a file in the place of the state directory",
    argv: (home) => {
      writeFileSync(home.stateDirectory, "");
      return runOf(home);
    },
    code: 1,
    says: /cannot use the state directory .*--state-dir/,
  },
  {
    title: "a state directory that cannot be written",
    argv: (home) => runOf(home, home.configFile, "/proc/heird"),
    code: 1,
    says: /cannot use the state directory .*--state-dir/,
  },
  {
    title: "a state directory of somebody else",
    argv: (home) => {
      chmodSync(home.configFile, 0o644);
      chmodSync(home.configFile.replace(/\/[^/]*$/, ""), 0o755);
      mkdirSync(home.stateDirectory, { mode: 0o755 });
      const caps = ["--inh-caps", "+net_raw,+net_admin", "--ambient-caps", "+net_raw,+net_admin"];
      return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", ...caps, ...runOf(home)];
    },
    code: 1,
    says: /state directory .*--state-dir/,
  },
];

/** What people read: no stack trace, and not more than a line besides the lines that belong to a diagnostic. */
function expectRefusal({ code, stdout, stderr }: Finished, wanted: Pick<Case, "code" | "says">): void {
  expect(stderr).toMatch(wanted.says);
  expect(code, stderr).toBe(wanted.code);
  expect(stderr, "no stack trace").not.toMatch(/^\s+at .*:\d+/m);
  expect(stdout).toBe("");
  // What is odd about a file, and what is to be known of it, stands in the journal.
  const sentences = stderr.split("\n").filter((line) => line !== "" && !/^\{"level":[34]0/.test(line));
  if (wanted.code !== 4) expect(sentences, "one line").toHaveLength(1);
}

describe.skipIf(mustSkip("refusals", ["ip", "nft", "tcpdump"]))("refusals", () => {
  test("what cannot work is refused in a line, and leaves no trace", { timeout: 240_000 }, async () => {
    await onSite("refused", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const seen = await site.capture("ip proto 112 or ip6 proto 112 or arp");
      const failures: string[] = [];
      for (const { title, config = eager, argv = (home: Home) => runOf(home), ...wanted } of CASES) {
        const home = site.unchecked("rt1", config);
        const words = await argv(home, site);
        const before = JSON.stringify(await rt1.addresses());
        const finished = await rt1.attempt(words, { timeout: 20_000 });
        try {
          expectRefusal(finished, wanted);
          expect(JSON.stringify(await rt1.addresses()), "the addresses").toBe(before);
        } catch (error) {
          failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}\n${finished.stderr}`);
        }
        await rt1.attempt(["ip", "address", "delete", `${VIP}/24`, "dev", "eth0"]);
      }
      expect(failures.join("\n")).toBe("");
      expect((await seen.stop()).filter(({ vrrp, arp }) => vrrp !== null || arp?.senderIp === VIP)).toEqual([]);
    });
  });

  test("a second daemon on the same state directory is refused, and the first does not notice", async () => {
    await onSite("second", ROUTERS.slice(0, 1), async (site) => {
      const rt1 = site.host("rt1");
      const first = await site.heird("rt1", SAMPLE_MASTER);
      await first.reach("master");
      const second = await rt1.attempt(runOf(first.home), { timeout: 5_000 });
      expectRefusal(second, { code: 6, says: /another heird uses .*stop it, or give this one a --state-dir/ });
      expect(await rt1.holds(VIP)).toBe(true);
      expect((await first.status()).instances[0]?.state).toBe("master");
    });
  });
});
