// Names of virtual interfaces that the file leaves to heird, worked out beside Keepalived 2.2.7's.

import { expect, test } from "vitest";
import { codesOf, loadText } from "./memory.ts";

const instance = (name: string, dev: string, vrid: number, address: string, use = "use_vmac") =>
  `vrrp_instance ${name} {\ninterface ${dev}\nvirtual_router_id ${vrid}\n${use}\nvirtual_ipaddress {\n${address}\n}\n}\n`;
const namesIn = (text: string) =>
  loadText(text).config?.routers.flatMap(({ virtualInterfaces }) => virtualInterfaces.map(({ name }) => name));

test("one VRID on several interfaces: a number stands behind the prefix", () => {
  const [four, six] = [
    (name: string, dev: string) => instance(name, dev, 51, "192.0.2.1"),
    (name: string, dev: string) => instance(name, dev, 51, "fe80::1"),
  ];
  expect(namesIn(four("A", "eth0") + four("B", "eth1"))).toEqual(["vrrp.51", "vrrp1.51"]);
  expect(namesIn(six("A", "eth0") + six("B", "eth1"))).toEqual(["vrrp.51", "vrrp6.51"]);
  expect(namesIn(four("A", "eth0") + six("B", "eth0") + six("C", "eth1"))).toEqual(["vrrp.51", "vrrp6.51", "vrrp1.51"]);
  // What the file names itself comes first, wherever it stands.
  const named = instance("C", "eth2", 52, "192.0.2.3", "use_vmac vrrp.51");
  expect(namesIn(four("A", "eth0") + named)).toEqual(["vrrp1.51", "vrrp.51"]);
  expect(
    codesOf(loadText(instance("A", "eth0", 51, "192.0.2.1", "use_vmac x") + named.replace("vrrp.51", "x"))),
  ).toContain("H0218 12:1");
});

test("a prefix leaves room for the VRID, and every name has at most 15 bytes", () => {
  const behind = (prefix: string, text: string) => `global_defs {\nvmac_prefix ${prefix}\n}\n${text}`;
  const pair = instance("A", "eth0", 255, "192.0.2.1") + instance("B", "eth1", 255, "192.0.2.2");
  expect(namesIn(behind("elevenchars", pair))).toEqual(["elevenchars.255", "elevenchar1.255"]);
  expect(codesOf(loadText(behind("twelvechars1", pair)))).toContain("H0108 2:13");
  expect(codesOf(loadText(behind("a/b", pair)))).toContain("H0108 2:13");
});
