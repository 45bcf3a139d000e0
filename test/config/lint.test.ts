// What is allowed and probably not meant: told, and used all the same.

import { expect, test } from "vitest";
import { codesOf, loadText } from "./memory.ts";

const withAddress = (address: string) =>
  loadText(
    `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  version 3\n  virtual_ipaddress {\n    ${address}\n  }\n}\n`,
  );

// RFC 1122 §3.2.1.3, RFC 4291 §2.5; Linux 6.18 takes the IPv4 ones, and refuses ::1, :: and ff02::5 without autojoin.
test.each([
  ["224.0.0.5/32", ["H0312 6:5"]],
  ["239.1.1.1/32 autojoin", []],
  ["127.0.0.5/8", ["H0312 6:5"]],
  ["128.0.0.5/8", []],
  ["0.1.2.3/32", ["H0312 6:5"]],
  ["255.255.255.255/32", ["H0312 6:5"]],
  ["192.0.2.10/0", ["H0313 6:5"]],
  ["ff02::5/128", ["H0312 6:5"]],
  ["::1/128", ["H0312 6:5"]],
  ["::/0", ["H0313 6:5", "H0312 6:5"]],
  ["fe80::1/64", []],
])("the address %s is told when no host looks for it on a link", (address, told) => {
  const found = codesOf(withAddress(address));
  expect(found.filter((code) => code.startsWith("H031"))).toEqual(told);
});
