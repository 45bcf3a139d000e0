// Files of one cluster: what they disagree about, and who becomes Master.

import { describe, expect, test } from "vitest";
import { virtualRouters } from "../../config/cluster.ts";
import type { Diagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { checkPair } from "../../config/pair.ts";
import { type Election, electionsOf } from "../../config/winner.ts";
import { memory } from "./memory.ts";

type Cluster = { readonly diagnostics: readonly Diagnostic[]; readonly elections: readonly Election[] };

/** Compares texts as /a, /b, /c; what the files say of themselves is left out. */
function compared(...texts: readonly string[]): Cluster {
  const files = Object.fromEntries(texts.map((text, i) => [`/${"abc"[i]}`, text]));
  const options = { reader: memory(files), assumeHonoured: true };
  const loaded = Object.keys(files).map((path) => ({ path, ...loadConfig(path, options) }));
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void diagnostics.push(diagnostic);
  const routers = virtualRouters(loaded);
  checkPair(loaded, routers, report);
  return { diagnostics, elections: electionsOf(routers, report) };
}

/** `code file:line -> file:line of the note`. */
const told = ({ diagnostics }: Cluster): readonly string[] =>
  diagnostics.map(({ code, position, notes }) =>
    [
      `${code} ${position.file}:${position.line}`,
      ...notes.map((note) => `${note.position.file}:${note.position.line}`),
    ].join(" -> "),
  );

const A = `vrrp_instance VI {
  interface eth0
  virtual_router_id 51
  priority 150
  version 2
  advert_int 1
  virtual_ipaddress {
    10.0.0.100/24
  }
}
`;
const B = A.replace("priority 150", "priority 100");
/** B with something else in the place of one line. */
const but = (line: string, instead: string, text = B): string => {
  if (!text.includes(line)) throw new Error(line);
  return text.replace(line, instead);
};

test("two files that fit together are told nothing", () => {
  expect(told(compared(A, B))).toEqual([]);
});

describe("what must agree, with both places", () => {
  const auth = (password: string) => `advert_int 1\n  authentication {\n auth_type PASS\n auth_pass ${password}\n }`;
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    ["version", A, but("version 2", "version 3"), ["H0601 /b:5 -> /a:5"]],
    ["interval of v2", A, but("advert_int 1", "advert_int 2"), ["H0602 /b:6 -> /a:6"]],
    [
      "interval of v3",
      but("version 2", "version 3", A),
      but("version 2\n  advert_int 1", "version 3\n  advert_int 0.5"),
      ["H0603 /b:6 -> /a:6"],
    ],
    ["authentication", but("advert_int 1", auth("one"), A), B, ["H0604 /b:1 -> /a:7"]],
    ["password", but("advert_int 1", auth("one"), A), but("advert_int 1", auth("two")), ["H0604 /b:7 -> /a:7"]],
    ["addresses, each way", A, but("10.0.0.100/24", "10.0.0.101/24"), ["H0605 /a:8 -> /b:1", "H0605 /b:8 -> /a:1"]],
    ["prefix lengths", A, but("10.0.0.100/24", "10.0.0.100/32"), ["H0606 /b:8 -> /a:8"]],
    [
      "checksum",
      but("version 2", "version 3", A),
      but("version 2", "version 3\n  v3_checksum_as_v2"),
      ["H0607 /b:1 -> /a:1"],
    ],
    [
      "unicast or multicast",
      A,
      but("advert_int 1", "advert_int 1\n  unicast_peer {\n    10.0.0.1\n  }"),
      ["H0608 /b:8 -> /a:1"],
    ],
    [
      "excluded addresses",
      A,
      but("  virtual_ipaddress {", "  virtual_ipaddress_excluded {\n    10.9.0.1/24\n  }\n  virtual_ipaddress {"),
      ["H0615 /b:8 -> /a:1"],
    ],
  ];
  test.each(cases)("%s", (_what, a, b, expected) => {
    expect(told(compared(a, b))).toEqual(expected);
  });

  test("no password is told", () => {
    const { diagnostics } = compared(but("advert_int 1", auth("one"), A), but("advert_int 1", auth("two")));
    const { message, help, notes } = diagnostics[0] ?? { message: "one", help: "", notes: [] };
    expect(JSON.stringify([message, help, notes])).not.toMatch(/\b(one|two)\b/);
  });
});

describe("unicast peers", () => {
  const unicast = (text: string, source: string, ...peers: readonly string[]) =>
    but("advert_int 1", `advert_int 1\n  unicast_src_ip ${source}\n  unicast_peer {\n${peers.join("\n")}\n  }`, text);

  test("that point at each other are right", () => {
    expect(told(compared(unicast(A, "10.0.0.1", "10.0.0.2"), unicast(B, "10.0.0.2", "10.0.0.1")))).toEqual([]);
  });

  test("one that is missing is told at the list, and where that router says its source", () => {
    expect(told(compared(unicast(A, "10.0.0.1", "10.0.0.3"), unicast(B, "10.0.0.2", "10.0.0.1")))).toEqual([
      "H0609 /a:9 -> /b:7",
    ]);
  });

  test("two with one source, of which each is its own peer", () => {
    const found = told(compared(unicast(A, "10.0.0.1", "10.0.0.1"), unicast(B, "10.0.0.1", "10.0.0.1")));
    expect(found.toSorted()).toEqual(["H0612 /b:7 -> /a:7", "H0616 /a:9", "H0616 /b:9"]);
  });
});

describe("what must differ", () => {
  test("the priority", () => {
    expect(told(compared(A, A))).toEqual(["H0610 /b:4 -> /a:4"]);
  });

  test("of owners there is one", () => {
    const owner = but("priority 150", "priority 255", A);
    expect(told(compared(owner, owner))).toEqual(["H0611 /b:4 -> /a:4"]);
  });

  test("of three, every pair", () => {
    expect(told(compared(A, B, A))).toEqual(["H0610 /c:4 -> /a:4"]);
  });
});

describe("who belongs together", () => {
  const members = (...texts: readonly string[]) =>
    compared(...texts).elections.map(({ router }) =>
      router.members.map(({ file, instance }) => `${file.path} ${instance.interface}`),
    );

  test("a shared address counts more than the name of an interface", () => {
    const other = A.replace("vrrp_instance VI", "vrrp_instance OTHER").replaceAll("10.0.0.", "10.5.0.");
    const a = A + other.replace("eth0", "eth1");
    const b = B.replace("eth0", "eth1") + other;
    expect(members(a, b)).toEqual([
      ["/a eth0", "/b eth1"],
      ["/a eth1", "/b eth0"],
    ]);
  });

  test("networks that overlap are one LAN, whatever the interfaces are called", () => {
    expect(members(A, but("eth0", "ens3", but("10.0.0.100", "10.0.0.200")))).toEqual([["/a eth0", "/b ens3"]]);
  });

  test("one VRID on two LANs is two virtual routers, each alone", () => {
    const cluster = compared(A, but("eth0", "ens3", but("10.0.0.100", "10.5.0.100")));
    expect(told(cluster)).toEqual(["H0613 /a:1", "H0613 /b:1"]);
  });

  test("two families under one VRID were meant to be one", () => {
    const six = but("version 2", "version 3", but("10.0.0.100/24", "fe80::100/64"));
    expect(told(compared(but("version 2", "version 3", A), six))).toEqual(["H0614 /b:8 -> /a:8"]);
  });
});

describe("who becomes Master", () => {
  const checks = (...tracks: readonly string[]) =>
    `vrrp_script chk {\n  script "/bin/true"\n}\n${but("priority 150", `priority 150\n  track_script {\n${tracks.join("\n")}\n  }`, A)}`;
  const outcome = ({ elections }: Cluster) =>
    elections[0]?.failures.map(({ what, priority, winner }) => [what, priority, winner?.member.file.path]);

  test("the greater priority; and the other one when the interface fails", () => {
    const cluster = compared(B, A);
    expect(cluster.elections[0]?.winner?.member.file.path).toBe("/b");
    expect(outcome(cluster)).toEqual([["interface eth0", null, "/a"]]);
  });

  test.each([
    // 150 - 51 = 99 < 100, 150 - 50 = 100, which a Backup with 100 does not preempt.
    ["chk weight -51", 99, "/b", []],
    ["chk weight -50", 100, "/a", ["H0311 /a:9 -> /b:4"]],
    ["chk weight 0", null, "/b", []],
    // In order 150 + 20 = 170, afterwards 150.
    ["chk weight 20", 150, "/a", ["H0311 /a:9 -> /b:4"]],
    // B10.2: reverse swaps the sign: nothing in order, +60 when bad.
    ["chk weight -60 reverse", 210, "/a", ["H0311 /a:9 -> /b:4"]],
  ])("%s", (line, priority, winner, lints) => {
    const cluster = compared(checks(line), B);
    expect(outcome(cluster)?.[1]).toEqual(["script chk", priority, winner]);
    expect(told(cluster)).toEqual(lints);
  });

  test("nobody knows what a file will say: 150 - 51 is enough, and so is FAULT", () => {
    const file = (priority: number) =>
      `track_file f {\n  file /run/n\n}\n${but("priority 150", `priority ${priority}\n  track_file {\n    f weight 1\n  }`, A)}`;
    expect(told(compared(file(150), B))).toEqual([]);
    expect(told(compared(file(254), B))).toEqual([]);
  });

  test("nopreempt on the other router makes every weight useless, and FAULT none", () => {
    const cluster = compared(checks("chk weight -60"), but("advert_int 1", "advert_int 1\n  nopreempt"));
    expect(outcome(cluster)).toEqual([
      ["interface eth0", null, "/b"],
      ["script chk", 90, "/a"],
    ]);
    expect(cluster.diagnostics.map(({ code, help }) => `${code} ${help}`)).toEqual([
      "H0311 remove nopreempt from VI in /b, or write weight 0, which goes through FAULT",
    ]);
  });

  test("of three, the next one that is strong enough and may", () => {
    const c = but("priority 100", "priority 120\n  nopreempt");
    expect(outcome(compared(checks("chk weight -60"), B, c))?.[1]).toEqual(["script chk", 90, "/b"]);
  });

  test("a check of the sync group, and a brother's interface, count for every member", () => {
    const brother = A.replace("VI", "BRO").replace("51", "52").replace("eth0", "eth1").replace("10.0.0.", "10.5.0.");
    const group = `vrrp_script chk {\n  script "/bin/true"\n}\nvrrp_sync_group G {\n  group {\n    VI\n    BRO\n  }\n  track_script {\n    chk\n  }\n}\n`;
    expect(outcome(compared(group + A + brother, B))).toEqual([
      ["interface eth0", null, "/b"],
      ["script chk", null, "/b"],
      ["interface eth1", null, "/b"],
    ]);
  });

  test("a weight that takes one member of a group away takes the other with it, and says its own priority", () => {
    const brother = (priority: number) =>
      but("priority 150", `priority ${priority}`, A)
        .replace("VI", "BRO")
        .replace("51", "52")
        .replace("eth0", "eth1")
        .replace("10.0.0.", "10.5.0.");
    const group = `vrrp_sync_group G {\n  sync_group_tracking_weight\n  group {\n    VI\n    BRO\n  }\n}\n`;
    const cluster = compared(group + checks("chk weight -60") + brother(150), group + B + brother(100));
    expect(cluster.elections[1]?.failures.at(-1)).toMatchObject({
      what: "script chk",
      priority: 150,
      winner: { priority: 100, member: { file: { path: "/b" }, instance: { name: "BRO" } } },
      moves: true,
    });
  });

  test("equal priorities are decided by the source, where the files tell it", () => {
    const from = (source: string) => but("advert_int 1", `advert_int 1\n  mcast_src_ip ${source}`, A);
    const cluster = compared(from("10.0.0.1"), from("10.0.0.2"));
    expect(cluster.elections[0]).toMatchObject({ tied: false, winner: { member: { file: { path: "/b" } } } });
    expect(compared(A, A).elections[0]).toMatchObject({ tied: true });
  });
});
