// Lines of routes and rules, from the file to what the kernel is asked for, told as ip(8) would; and
// what an advertisement has no room for.

import { describe, expect, test } from "vitest";
import { type Path, traceOf, wordsOf } from "../../agent/core/path.ts";
import { loadText } from "./memory.ts";

const instance = (blocks: string, addresses = "192.0.2.10/24"): string =>
  `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  version 3\n  virtual_ipaddress {\n${addresses}\n}\n${blocks}\n}\n`;

const pathsOf = (kind: "routes" | "rules", ...lines: readonly string[]): readonly Path[] =>
  loadText(instance(`virtual_${kind} {\n${lines.join("\n")}\n}`)).config?.routers[0]?.paths ?? [];
const wordOf = (kind: "routes" | "rules", line: string): string | undefined => pathsOf(kind, line).map(wordsOf)[0];

describe("a line of virtual_routes", () => {
  test.each([
    ["192.0.3.0/24 via 192.0.2.254 dev eth0", "route 192.0.3.0/24 via 192.0.2.254 dev eth0"],
    ["to 192.0.3.0/24 gw 192.0.2.254 oif eth0", "route 192.0.3.0/24 via 192.0.2.254 dev eth0"],
    ["default via 192.0.2.254 dev eth0 metric 7", "route default via 192.0.2.254 dev eth0 metric 7"],
    ["192.0.3.0/24 dev eth0 src 192.0.2.10", "route 192.0.3.0/24 dev eth0 src 192.0.2.10"],
    ["192.0.3.0/24 dev eth0 table 100", "route 192.0.3.0/24 dev eth0 table 100"],
    ["192.0.3.0/24 dev eth0 table local", "route 192.0.3.0/24 dev eth0 table 255"],
    ["192.0.3.0/24 dev eth0 scope link", "route 192.0.3.0/24 dev eth0 scope 253"],
    ["192.0.3.0/24 dev eth0 priority 5", "route 192.0.3.0/24 dev eth0 metric 5"],
    ["192.0.3.0/24 dev eth0 preference 6", "route 192.0.3.0/24 dev eth0 metric 6"],
    ["192.0.3.0/24 via 10.0.0.1 dev eth0 onlink", "route 192.0.3.0/24 via 10.0.0.1 dev eth0 onlink"],
    ["192.0.3.0/24 dev eth0 protocol static no_track", "route 192.0.3.0/24 dev eth0 proto 4"],
    ["blackhole 192.0.3.0/24 no_track", "blackhole route 192.0.3.0/24"],
    ["unreachable 192.0.3.0/24", "unreachable route 192.0.3.0/24"],
    ["prohibit 192.0.3.0/24", "prohibit route 192.0.3.0/24"],
    ["throw 192.0.3.0/24 table 100", "throw route 192.0.3.0/24 table 100"],
    // RFC: rtnetlink(7): a local route is of scope host (254) and in table local, a broadcast one of scope link (253).
    ["local 192.0.3.1 dev eth0", "local route 192.0.3.1/32 dev eth0 table 255 scope 254"],
    ["broadcast 192.0.3.255 dev eth0 table 255", "broadcast route 192.0.3.255/32 dev eth0 table 255 scope 253"],
    ["192.0.3.0/24 dev eth0 mtu 1400 advmss 1300", "route 192.0.3.0/24 dev eth0 mtu 1400 advmss 1300"],
    // Bit 2 of the locks is RTAX_MTU: 1 << 2.
    ["192.0.3.0/24 dev eth0 mtu lock 1400", "route 192.0.3.0/24 dev eth0 mtu 1400 locked 4"],
    // From in the upper 16 bits: 2 * 65536 + 5.
    ["192.0.3.0/24 dev eth0 realms 2/5", "route 192.0.3.0/24 dev eth0 realms 131077"],
    ["append 192.0.3.0/24 dev eth0", "route 192.0.3.0/24 dev eth0 append"],
    ["2001:db8:1::/48 via fe80::1 dev eth0", "route 2001:db8:1::/48 via fe80::1 dev eth0"],
    ["inet6 default via fe80::1 dev eth0", "route default (IPv6) via fe80::1 dev eth0"],
    // IPv6 has no scopes.
    ["2001:db8:1::/48 dev eth0 scope link", "route 2001:db8:1::/48 dev eth0"],
  ])("%s", (line, words) => {
    expect(wordOf("routes", line)).toBe(words);
  });

  test.each([
    ["192.0.3.1/24 dev eth0", /bits beyond its prefix/],
    ["192.0.3.0/24", /neither a gateway nor an interface/],
    ["192.0.3.0/24 via 2001:db8::1 dev eth0", /via 2001:db8::1 is of the other family/],
    ["192.0.3.0/24 dev eth0 table nowhere", /no table nowhere/],
    ["192.0.3.0/24 dev eth0 scope 256", /scope 256 is none/],
    ["192.0.3.0/24 nexthop via 192.0.2.1 nexthop via 192.0.2.2", /nexthop of a route is known but not honoured/],
  ])("%s is refused with its line", (line, why) => {
    const { config, diagnostics } = loadText(instance(`virtual_routes {\n${line}\n}`));
    expect(config).toBeNull();
    const wrong = diagnostics.filter(({ message }) => why.test(message));
    expect(wrong.map(({ position }) => position.line)).toEqual([9]);
  });

  test("is watched by its protocol, which is Keepalived's, and only where it names its interface", () => {
    const [watched, loose, own] = pathsOf(
      "routes",
      "192.0.3.0/24 dev eth0",
      "192.0.4.0/24 via 192.0.2.254",
      "192.0.5.0/24 dev eth0 no_track",
    );
    expect([watched?.onLoss, loose?.onLoss, own?.onLoss]).toEqual(["restore", "ignore", "ignore"]);
    expect(watched === undefined ? "" : traceOf(watched)).toBe(
      "route ipv4 192.0.3.0/24 table 254 metric 0 tos 0 proto 18",
    );
  });
});

describe("a line of virtual_rules", () => {
  test.each([
    ["from 192.0.2.0/24 table 100 preference 500", "rule 500: from 192.0.2.0/24 lookup 100"],
    ["to 192.0.2.0/24 lookup main order 501", "rule 501: from all to 192.0.2.0/24 lookup 254"],
    ["iif eth0 table 100 priority 502", "rule 502: from all iif eth0 lookup 100"],
    ["dev eth0 table 100 priority 502", "rule 502: from all iif eth0 lookup 100"],
    ["oif eth0 fwmark 5/0xff table 100 preference 503", "rule 503: from all oif eth0 fwmark 5/255 lookup 100"],
    // A mark without a mask is compared whole: 2^32 - 1.
    ["fwmark 0x7 table 100 preference 504", "rule 504: from all fwmark 7/4294967295 lookup 100"],
    ["not from 192.0.2.0/24 table 100 preference 505", "rule 505: not from 192.0.2.0/24 lookup 100"],
    ["from 192.0.2.0/24 tos 8 table 100 preference 506", "rule 506: from 192.0.2.0/24 tos 8 lookup 100"],
    // FR_ACT_BLACKHOLE is 6, FR_ACT_PROHIBIT 8.
    ["from 192.0.2.0/24 blackhole preference 507", "rule 507: from 192.0.2.0/24 action 6"],
    ["from 192.0.2.0/24 type prohibit preference 508", "rule 508: from 192.0.2.0/24 action 8"],
    ["sup_pl 0 table 100 preference 509", "rule 509: from all lookup 100 suppress_prefixlength 0"],
    ["from 2001:db8::5 table 100 preference 600", "rule 600: (IPv6) from 2001:db8::5/128 lookup 100"],
    ["inet6 table 100 preference 601", "rule 601: (IPv6) from all lookup 100"],
  ])("%s", (line, words) => {
    expect(wordOf("rules", line)).toBe(words);
  });

  test("without a preference each comes before the last one, counted by family", () => {
    const rules = pathsOf("rules", "from 192.0.2.1 table 1", "from 2001:db8::1 table 1", "from 192.0.2.2 table 1");
    expect(rules.map((rule) => (rule.kind === "rule" ? rule.preference : null))).toEqual([16_384, 16_384, 16_383]);
  });

  test.each([
    ["from 192.0.2.0/24 preference 1", /names no table to look in/],
    ["from 192.0.2.0/24 to 2001:db8::1 table 1 preference 1", /from 192\.0\.2\.0 is of the other family/],
    ["from 192.0.2.0/24 table 1 preference 1 uidrange 1-2", /uidrange of a rule is known but not honoured/],
  ])("%s is refused with its line", (line, why) => {
    const { config, diagnostics } = loadText(instance(`virtual_rules {\n${line}\n}`));
    expect(config).toBeNull();
    expect(diagnostics.filter(({ message }) => why.test(message)).map(({ position }) => position.line)).toEqual([9]);
  });
});

describe("more addresses than an advertisement has room for", () => {
  const lists = {
    // 255 fill the octet that counts them.
    ipv4: {
      most: 255,
      addresses: Array.from({ length: 300 }, (_, i) => `10.0.${Math.floor(i / 250)}.${(i % 250) + 1}/32`),
    },
    // (1500 - 40 - 8 - 14) / 16 = 89.875.
    ipv6: { most: 89, addresses: ["fe80::1:1/64", ...Array.from({ length: 99 }, (_, i) => `2001:db8::${i + 1}/64`)] },
  };
  test.each(["ipv4", "ipv6"] as const)("%s: the rest is held, not advertised, and told", (family) => {
    const { most, addresses } = lists[family];
    const { config, diagnostics } = loadText(instance("", addresses.join("\n")));
    const [router] = config?.routers ?? [];
    expect(router?.virtualAddresses).toHaveLength(most);
    expect(router?.excludedAddresses).toHaveLength(addresses.length - most);
    // Line 6 has the first one.
    expect(diagnostics.filter(({ code }) => code === "H0117").map(({ position }) => position.line)).toEqual([6 + most]);
    const all = loadText(instance("", addresses.slice(0, most).join("\n")));
    expect(all.diagnostics.filter(({ code }) => code === "H0117")).toEqual([]);
  });

  // What Keepalived 2.2.7 says with each of these ("max 133 addresses").
  test.each([
    [576, "version 3", "ipv4", 133], // (576 - 20 - 8 - 14) / 4 = 133.5
    [576, "version 2", "ipv4", 131], // 8 octets of authentication data less: 131.5
    [576, "version 2\nauthentication {\nauth_type AH\nauth_pass x\n}", "ipv4", 125], // and 24 less: 125.5
    [1450, "version 3", "ipv6", 86], // (1450 - 40 - 8 - 14) / 16 = 86.75
    [1502, "version 3", "ipv6", 90], // 1440 / 16
  ] as const)("an MTU of %i, %s, %s: %i", (mtu, lines, family, most) => {
    const host = { mtuOf: (name: string) => (name === "eth0" ? mtu : undefined) };
    const { config } = loadText(instance(lines, lists[family].addresses.join("\n")), { host });
    expect(config?.routers[0]?.virtualAddresses).toHaveLength(most);
  });
});
