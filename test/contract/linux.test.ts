// The contract, kept by the kernel of this machine, in network namespaces of the test's own.

import { describe, expect, it } from "vitest";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { mustSkip } from "../netns/requirements.ts";
import { kernelContract } from "./kernel.ts";
import { hindrance, openNamespaces, pairIn } from "./namespaces.ts";

describe.skipIf(mustSkip("the contract of the Linux kernel port", ["ip"]))("on this machine", () => {
  it("runs where setns moves the thread that asks", () => expect(hindrance()).toBe(""));
  kernelContract("Linux", () => Promise.resolve(pairIn(openNamespaces("lxk"), openLinuxKernel)));
});
