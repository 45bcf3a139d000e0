// The contract, kept by the kernel of this machine, in network namespaces of the test's own.

import { expect, it } from "vitest";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { kernelContract } from "./kernel.ts";
import { hindrance, openNamespaces, pairIn } from "./namespaces.ts";

const reason = hindrance();

if (reason === "") kernelContract("Linux", () => Promise.resolve(pairIn(openNamespaces("lxk"), openLinuxKernel)));

it("can be tried on this machine", ({ skip }) => {
  if (reason !== "") {
    process.stderr.write(`\nNOT TESTED: the Linux kernel port. ${reason}\n`);
    skip(reason);
  }
  expect(reason).toBe("");
});
