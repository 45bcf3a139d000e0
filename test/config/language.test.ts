// The forms of the language: files, lines, words, macros, conditions, repetitions.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are the language's own variables

import { expect, test } from "vitest";
import { passwordBytes } from "../../agent/wire/advert.ts";
import { splitCommand } from "../../config/command.ts";
import { printDiagnostics } from "../../config/diagnostic.ts";

import { codesOf, loadText } from "./memory.ts";

const instance = (lines: string, addresses = "192.0.2.10/24") =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n${lines}\nvirtual_ipaddress {\n${addresses}\n}\n}\n`;

const addressesOf = (text: string, others: Readonly<Record<string, string>> = {}) =>
  loadText(text, { assumeHonoured: true }, others).declaration.instances.flatMap(({ addresses }) =>
    addresses.map(({ address }) => address as string),
  );

const priorityOf = (text: string, configId = "node1") =>
  loadText(text, { configId }).declaration.instances[0]?.priority;

test.each([
  [
    "braces on lines of their own",
    "vrrp_instance VI_1\n{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress\n{\n192.0.2.10\n}\n}\n",
  ],
  [
    "no blanks around braces",
    "vrrp_instance VI_1{\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress{192.0.2.10}\n}",
  ],
  [
    "several braces on a line",
    "global_defs {\nrouter_id a\n}vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n192.0.2.10 }}",
  ],
  [
    "CRLF and tabs",
    "vrrp_instance\tVI_1 {\r\n\tinterface eth0\r\n\tvirtual_router_id 1\r\n\tvirtual_ipaddress {\r\n192.0.2.10\r\n}\r\n}\r\n",
  ],
  [
    "comments in every place",
    "# a\nvrrp_instance VI_1 { # {\ninterface eth0 ! }\nvirtual_router_id 1\nvirtual_ipaddress { # x\n! y\n192.0.2.10 # z\n} # }\n}\n",
  ],
])("%s make no difference", (_, text) => {
  const loaded = loadText(text);
  expect(codesOf(loaded)).toEqual([]);
  expect(loaded.config?.routers[0]?.virtualAddresses.map(({ address }) => address)).toEqual(["192.0.2.10"]);
});

test("double quotes group words, and keep comment signs", () => {
  const { config } = loadText(instance('authentication {\nauth_type PASS\nauth_pass "a #!b"\n}'));
  expect(config?.routers[0]?.authentication).toEqual({ type: "pass", password: "a #!b" });
});

test("a password is cut within a character, where Keepalived cuts it", () => {
  const { config, diagnostics } = loadText(instance("authentication {\nauth_type PASS\nauth_pass passworü\n}"));
  expect(diagnostics.map(({ code }) => code)).toContain("H0107");
  const { authentication } = config?.routers[0] ?? {};
  // p a s s w o r, and of ü (c3 bc) the first byte: the eighth of nine.
  const sent = authentication?.type === "pass" ? passwordBytes(authentication.password) : [];
  expect(Buffer.from(sent).toString("hex")).toBe("70617373776f72c3");
});

test("bytes that are no UTF-8 are an error, because others would be sent and shown; in a comment they are none", () => {
  // ä of ISO 8859-1 as it is read: U+FFFD.
  const read = Buffer.from("authentication {\nauth_type PASS\nauth_pass p\xe4ss\n}", "latin1").toString("utf8");
  expect(codesOf(loadText(instance(read)))).toEqual(["H0039 6:12"]);
  expect(codesOf(loadText(`# f\ufffdr alle\n${instance("priority 100")}`))).toEqual([]);
});

test("a quote that does not end on its line is an error at the quote", () => {
  expect(codesOf(loadText('global_defs {\n  router_id "a\n}\n'))).toContain("H0020 2:13");
});

test("conditions keep a line for one id or for all others, and whole definitions with it", () => {
  const text = `@a $P=\\\npriority 150 \\\nstate BACKUP\n@^a $P=priority 50\n${instance("$P")}`;
  expect(priorityOf(text, "a")).toBe(150);
  expect(priorityOf(text, "b")).toBe(50);
});

test("macros are textual, late and recursive; unknown ones stay as written", () => {
  expect(priorityOf(`$A=$B\n$B=77\n${instance("priority $A")}`)).toBe(77);
  expect(priorityOf(`$B=7\n$A=1\${B}0\n$B=8\n${instance("priority ${A}")}`)).toBe(180);
  expect(codesOf(loadText(instance("priority $NONE")))).toEqual(["H0101 4:10"]);
});

test("a macro may define what its later lines use", () => {
  const text = `$ONE=\${N}.0.0.1\n$ALL= \\\n$N=10 \\\n# a comment between\n$ONE \\\n$N=11 \\\n$ONE\n${instance("", "$ALL")}`;
  expect(addressesOf(text)).toEqual(["10.0.0.1", "11.0.0.1"]);
});

test("an empty line ends a definition that would go on", () => {
  expect(priorityOf(`$P= \\\npriority 90 \\\n\n${instance("$P")}`)).toBe(90);
});

test("built-in macros", () => {
  const text = `${instance("")}global_defs {\nrouter_id \${_INSTANCE}-\${_ENV HOME}-\${_HASH}\${_BANG}-\${_RANDOM 4 8}\n}\n`;
  // 0.5 of 4..8: 4 + floor(0.5 * 5) = 6.
  expect(loadText(text, { environment: (name) => `<${name}>` }).declaration.globals.routerId).toBe("node1-<HOME>-#!-6");
});

test("~SEQ counts up and down, in hexadecimal, and nests", () => {
  expect(addressesOf(instance("", "~SEQ(i,2) 10.0.0.$i"))).toEqual(["10.0.0.1", "10.0.0.2"]);
  expect(addressesOf(instance("", "~SEQ(i,3) 10.0.0.${i}"))).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  expect(addressesOf(instance("", "~SEQ(i,3,-1,2) 10.0.0.${i}"))).toEqual(["10.0.0.3", "10.0.0.2"]);
  expect(addressesOf(instance("", "~SEQx(i,9,11) fe80::${i}"))).toEqual(["fe80::9", "fe80::a", "fe80::b"]);
  expect(addressesOf(instance("", "~SEQ(i,1,2) ~SEQ(j,5,6) 10.0.${i}.${j}"))).toEqual([
    "10.0.1.5",
    "10.0.1.6",
    "10.0.2.5",
    "10.0.2.6",
  ]);
});

test("~LST goes over values and over tuples, also behind a brace", () => {
  expect(addressesOf(instance("", "~LST(a,10.0.0.1,10.0.0.9) ${a}"))).toEqual(["10.0.0.1", "10.0.0.9"]);
  expect(addressesOf(instance("", "~LST({a,b},{1,2},{3,4}) 10.0.${a}.${b}"))).toEqual(["10.0.1.2", "10.0.3.4"]);
  expect(
    addressesOf(
      "vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress { ~LST(a,1,2) 10.0.0.${a} }\n}\n",
    ),
  ).toEqual(["10.0.0.1", "10.0.0.2"]);
});

test("includes are relative to their file, with globs and braces, in order", () => {
  const files = {
    "/etc/heird/conf.d/b.conf": "10.0.0.2\n",
    "/etc/heird/conf.d/a.conf": "10.0.0.1\ninclude ../{x,y}.inc\n",
    "/etc/heird/conf.d/.hidden.conf": "10.0.0.99\n",
    "/etc/heird/x.inc": "10.0.0.3\n",
    "/etc/heird/y.inc": "10.0.0.4\n",
  };
  expect(addressesOf(instance("", "include conf.d/*.conf"), files)).toEqual([
    "10.0.0.1",
    "10.0.0.3",
    "10.0.0.4",
    "10.0.0.2",
  ]);
});

test("the stricter includes make what is missing an error", () => {
  const severity = (line: string) => loadText(`${instance("")}${line}\n`).diagnostics.map(({ severity: one }) => one);
  expect(severity("include none.conf")).toEqual(["warning"]);
  expect(severity("include none.d/*.conf")).toEqual(["info"]);
  for (const strict of [
    "includer none.conf",
    "includem none.d/*",
    "includew none.d/*",
    "includeb {a,b}.conf",
    "includea none.conf",
  ]) {
    expect(severity(strict), strict).toContain("error");
  }
});

test("a mistake in an included file is shown there, and where it was included", () => {
  const loaded = loadText(instance("include sub.conf"), {}, { "/etc/heird/sub.conf": "state BACKUP\npriority 300\n" });
  expect(printDiagnostics(loaded.diagnostics, loaded.files, { colour: false })).toBe(
    [
      "/etc/heird/sub.conf:2:10: error[H0104]: priority 300 is outside 1..255",
      "   2 | priority 300",
      "     |          ^^^",
      "  = help: write a whole number in 1..255",
      "/etc/heird/heird.conf:4:1: note: included from here",
      "   4 | include sub.conf",
      "     | ^^^^^^^^^^^^^^^^",
      "1 error",
    ].join("\n"),
  );
});

test("a mistake in a macro is shown where it is used, and where it is defined", () => {
  const { diagnostics } = loadText(`$P=300\n${instance("priority $P")}`);
  expect(
    diagnostics.map(({ position, notes }) => [position.line, position.column, notes.map((note) => note.position.line)]),
  ).toEqual([[5, 10, [1]]]);
});

test("a misspelt keyword, a keyword of another block and a look-alike letter are told apart", () => {
  const helps = loadText(instance("prioritty 1\nrouter_id x\npr\u0456ority 2")).diagnostics.map(({ help }) => help);
  expect(helps[0]).toBe("did you mean priority?");
  expect(helps[1]).toBe("it belongs into global_defs");
  expect(helps[2]).toContain("U+0456");
});

test("names are found whatever the order of the blocks; what is nowhere is an error", () => {
  const text = (name: string) =>
    `${instance(`track_script {\n${name} weight -20\n}`)}vrrp_script chk_http {\nscript "/bin/true"\n}\n`;
  const loaded = loadText(text("chk_http"), { assumeHonoured: true });
  expect(loaded.declaration.instances[0]?.tracks.scripts.map(({ name, weight }) => [name, weight])).toEqual([
    ["chk_http", -20],
  ]);
  const wrong = loadText(text("chk_htpp"), { assumeHonoured: true });
  expect(wrong.diagnostics.find(({ code }) => code === "H0201")?.help).toBe("did you mean chk_http?");
  expect(wrong.config).toBeNull();
});

test("what is not honoured yet is a warning, and an error where the router would be another without it", () => {
  expect(codesOf(loadText(instance("kernel_rx_buf_size 65536")))).toContain("H0401 4:1");
  const vrf = loadText(instance("vrf blue"));
  expect(vrf.config).toBeNull();
  expect(codesOf(vrf)).toEqual(["H0402 4:1"]);
  expect(loadText(instance("vrf blue"), { assumeHonoured: true }).config?.routers).toHaveLength(1);
});

test("the signed advertisements of Keepalived 2.4 are read, and refused with a sentence", () => {
  const { config, diagnostics } = loadText(instance("auth_hmac {\nkey 1 hex:00\nactive_key 1\n}"));
  expect(config).toBeNull();
  expect(diagnostics.find(({ code }) => code === "H0402")?.message).toBe(
    "auth_hmac is known but not honoured yet, and this router would behave differently without it",
  );
});

test("transports: peers are checked unless that is switched off, and none of them is FAULT, not the group", () => {
  const routerOf = (lines: string) => loadText(instance(lines)).config?.routers[0];
  const peers = "unicast_peer {\n192.0.2.2 min_ttl 3\n192.0.2.3\n}";
  expect(routerOf(peers)?.transport).toEqual({
    source: null,
    trackSource: false,
    to: {
      type: "unicast",
      peers: [
        { address: "192.0.2.2", minTtl: 3, maxTtl: 255 },
        { address: "192.0.2.3", minTtl: 0, maxTtl: 255 },
      ],
      ttl: 255,
      checkSource: true,
    },
  });
  expect(routerOf(`${peers}\ncheck_unicast_src off\nunicast_ttl 7`)?.transport.to).toMatchObject({
    checkSource: false,
    ttl: 7,
  });
  expect(codesOf(loadText(instance(`${peers}\ncheck_unicast_src off`)))).toEqual(["H0406 8:1"]);
  for (const lines of ["unicast_peer {\n}", "unicast_src_ip 192.0.2.9", "unicast_fault_no_peer"]) {
    const loaded = loadText(instance(lines));
    expect(codesOf(loaded), lines).toContain("H0405 4:1");
    expect(loaded.config?.routers[0]?.transport.to, lines).toMatchObject({ type: "unicast", peers: [] });
  }
  expect(routerOf("mcast_dst_ip 224.0.0.99\nmcast_src_ip 192.0.2.9\ntrack_src_ip")?.transport).toEqual({
    source: "192.0.2.9",
    trackSource: true,
    to: { type: "multicast", group: "224.0.0.99" },
  });
});

test("one VRID serves several instances of an interface when they differ in group or peers, each with a key of its own", () => {
  const block = (name: string, lines: string): string =>
    `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id 5\n${lines}\nvirtual_ipaddress {\n10.0.0.${name}/24\n}\n}\n`;
  const list = (...peers: string[]): string => `unicast_peer {\n${peers.join("\n")}\n}`;
  const [a, b, c, d, e] = [
    block("1", ""),
    block("2", "mcast_dst_ip 224.0.0.99"),
    block("3", list("192.0.2.3", "192.0.2.2")),
    block("4", list("192.0.2.4")),
    block("5", `${list("192.0.2.9")}\nunicast_src_ip 192.0.2.1`),
  ];
  const keysOf = (...blocks: readonly string[]) =>
    loadText(blocks.join("")).config?.routers.map(({ key, name }) => `${name} ${key}`);
  const keys = [
    "1 eth0/ipv4/5",
    "2 eth0/ipv4/5/224.0.0.99",
    "3 eth0/ipv4/5/unicast",
    "4 eth0/ipv4/5/unicast/192.0.2.4",
    "5 eth0/ipv4/5/unicast/192.0.2.1",
  ];
  expect(keysOf(a, b, c, d, e)).toEqual(keys);
  // Their order in the file is nothing they are known by.
  expect(keysOf(e, d, c, b, a)).toEqual([...keys].reverse());
  for (const twice of [
    [a, block("6", "")],
    [b, block("6", "mcast_dst_ip 224.0.0.99")],
    [c, block("6", list("192.0.2.2"))],
  ])
    expect(codesOf(loadText(twice.join(""))).map((code) => code.slice(0, 5))).toContain("H0203");
  const away = block("7", `${list("10.9.9.9")}\nunicast_src_ip 10.0.0.1`)
    .replace("interface eth0\n", "")
    .replace("/24", "/24 dev eth1");
  const loaded = loadText(away);
  expect(loaded.config?.routers).toMatchObject([{ key: "*/ipv4/5/unicast/10.0.0.1", interface: "" }]);
  expect(loaded.config?.routers[0]?.virtualAddresses).toMatchObject([{ interface: "eth1" }]);
});

test("blocks of the load balancer are skipped with one warning each, whatever they hold", () => {
  const text = `virtual_server 10.0.0.1 80 {\n  real_server 10.0.0.2 80 {\n    HTTP_GET { url { path "/}" } }\n  }\n}\nvirtual_server fwmark 1 {\n}\n${instance("")}`;
  expect(codesOf(loadText(text))).toEqual(["H0014 1:1"]);
});

test.each([
  ['"/bin/a b c"', ["/bin/a", "b", "c"]],
  ["'/bin/a b'", ["/bin/a", "b"]],
  ["\"/bin/sh -c 'a  b' c\"", ["/bin/sh", "-c", "a  b", "c"]],
  ["/bin/a", ["/bin/a"]],
  // \x41 is A, \102 is B, \cA the first control character, and \n a line feed, which parts words like a blank.
  ['"/bin/a \\x41\\102 p\\nq\\cA"', ["/bin/a", "AB", "p", "q\u0001"]],
  // Octets, which in UTF-8 are é: 110 00011, 10 101001 is 000 1110 1001, 0xe9.
  [String.raw`"/bin/é \xc3\xa9 \303\251"`, ["/bin/é", "é", "é"]],
  // The rest as Keepalived 2.2.7 was seen to call a program: what the first reading leaves is read once more.
  [
    String.raw`"/bin/a '\ ' a\ b c\tx 'd  e' \"f g\" h'i'j \\ k"`,
    ["/bin/a", " ", "a", "b", "c", "x", "d  e", "f g", "hij", " k"],
  ],
  [
    String.raw`"/bin/a '$(x)' a;b|c \\\\n '\\n' \\x41 'a\\ b' a\\ b c\\\\ d \"\" 'x\ y'"`,
    ["/bin/a", "$(x)", "a;b|c", "\\n", "\n", "A", "a b", "a b", "c\\", "d", "", "x y"],
  ],
])("the command %s has the words %j", (text, words) => {
  expect(splitCommand(text)).toEqual(words);
});

test("addresses have their defaults, and + and - give the edges of their network", () => {
  const loaded = loadText(
    instance("", "192.0.2.77\n192.0.2.130/25 brd +\n192.0.2.131/25 brd - label eth0:1 scope link dev eth1"),
  );
  // /25 of 192.0.2.130: 192.0.2.128 with all host bits cleared, 192.0.2.255 with all of them set.
  expect(
    loaded.config?.routers[0]?.virtualAddresses.map((one) => [
      one.address,
      one.prefixLength,
      one.broadcast,
      one.label,
      one.scope,
      one.interface,
    ]),
  ).toEqual([
    ["192.0.2.77", 32, null, "", 0, "eth0"],
    ["192.0.2.130", 25, "192.0.2.255", "", 0, "eth0"],
    ["192.0.2.131", 25, "192.0.2.128", "eth0:1", 253, "eth1"],
  ]);
});

test("intervals are those the wire can carry", () => {
  const interval = (lines: string) => loadText(instance(lines)).config?.routers[0]?.adverInterval;
  expect(interval("advert_int 1.5")).toBe(2_000_000);
  expect(interval("advert_int 0.3")).toBe(1_000_000);
  expect(interval("version 3\nadvert_int 0.125")).toBe(130_000);
  expect(interval("version 3\nadvert_int 100")).toBe(40_950_000);
  expect(interval("version 3\nadvert_int 0.01")).toBe(10_000);
});

test("a macro that stays as it is written is told, with the form that is replaced", () => {
  const told = (text: string) =>
    loadText(text).diagnostics.flatMap(({ code, help }) => (/H003[56]/.test(code) ? [`${code} ${help}`] : []));
  expect(told(`$N=5\n${instance("", "10.0.$N.1")}`)).toEqual(["H0035 write ${N}"]);
  expect(told(`$NET=5\n${instance("", "10.0.${NTE}.1")}`)).toEqual(["H0036 did you mean ${NET}?"]);
  expect(told(`global_defs {\nrouter_id \${SITE}\n}\n${instance("")}`)).toEqual(["H0036 define it above, with $SITE="]);
  // The shell of a command has names of its own.
  expect(told(`${instance("notify \"/bin/sh -c 'echo ${HOME} $HOME'\"")}`)).toEqual([]);
});

test("signs of other languages are told apart from values, and nothing else seems wrong because of them", () => {
  const signs = (lines: string) =>
    loadText(instance(lines)).diagnostics.map(({ code, help, position }) => `${code} ${position.line} ${help}`);
  expect(signs("priority = 150")).toEqual(["H0037 4 remove the ="]);
  expect(signs("priority 150;")).toEqual(["H0037 4 remove the ;"]);
  expect(signs("state = BACKUP;")).toEqual(["H0037 4 remove the =", "H0037 4 remove the ;"]);
  expect(signs("priority=150")).toEqual(["H0001 4 write priority 150"]);
  expect(signs("nopreempt; priority 7")).toEqual(["H0001 4 did you mean nopreempt?"]);
});

test("a number with a unit is converted to the one that is wanted", () => {
  const help = (line: string) =>
    loadText(`${instance("track_script {\nc\n}")}vrrp_script c {\nscript "/bin/true"\n${line}\n}\n`, {
      assumeHonoured: true,
    }).diagnostics.find(({ code }) => code === "H0101")?.help;
  expect(help("interval 2s")).toBe("write 2; the unit is s");
  expect(help("interval 2000ms")).toBe("write 2; the unit is s");
  expect(help("interval 1m")).toBe("write 60; the unit is s");
  expect(help("timeout 1min")).toBe("write 60; the unit is s");
});

test("a keyword behind a command in quotes is an error, not a word too many", () => {
  const text = `vrrp_script c { script "/bin/true" interval 2 }\n${instance("track_script {\nc\n}")}`;
  expect(codesOf(loadText(text, { assumeHonoured: true })).filter((code) => /H000[45]/.test(code))).toEqual([
    "H0005 1:36",
  ]);
});

test.each([
  ["", "the file is empty", "write a vrrp_instance"],
  ["  \n\t\n", "the file is empty", "write a vrrp_instance"],
  ["global_defs {\n}\n", "there is no vrrp_instance", "write a vrrp_instance"],
  ["@other vrrp_instance V {\n@other }\n", "there is no vrrp_instance", "the configuration id here is node1"],
])("a file with nothing to run is refused: %j", (text, message, help) => {
  const { config, diagnostics } = loadText(text);
  expect(config).toBeNull();
  const found = diagnostics.find(({ code }) => code === "H0015");
  expect([found?.message, found?.help]).toEqual([expect.stringContaining(message), expect.stringContaining(help)]);
});
