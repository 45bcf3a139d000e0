// What only a process of its own can show: how it ends, what its children inherit, what the collector leaves.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openLinuxKernel } from "../../agent/linux/linux-kernel.ts";
import { mustSkip } from "../netns/requirements.ts";
import { type Compiled, compile } from "./compiled.ts";
import { type Namespaces, openNamespaces, until, WIRE } from "./namespaces.ts";

/** 127.0.0.1 to itself: 20 + 8 = 28 bytes, TTL 255, protocol 112. */
const TO_MYSELF = "45c0001c00000000ff7000007f0000017f0000013133640000640000";

/** A program that opens the kernel and listens on both families of the wire; `then` is what it does next. */
const listening = (then: string): string => `
import { openLinuxKernel } from "./agent/linux/linux-kernel.js";
import { spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
const kernel = openLinuxKernel();
const listen = (heard) => {
  for (const family of ["ipv4", "ipv6"]) {
    const outcome = kernel.listen("${WIRE}", family, heard);
    if (!outcome.ok) throw new Error(outcome.error);
  }
};
const toMyself = Buffer.from("${TO_MYSELF}", "hex");
const sendToMyself = () => {
  const outcome = kernel.sendPacket("lo", "ipv4", toMyself, "127.0.0.1");
  if (!outcome.ok) throw new Error(outcome.error);
};
${then}`;

describe.skipIf(mustSkip("a process with the Linux kernel open", ["ip"]))(
  "a process with the Linux kernel open",
  () => {
    let namespaces: Namespaces;
    let compiled: Compiled;
    beforeAll(async () => {
      namespaces = openNamespaces("lxp");
      compiled = compile();
      const kernel = openLinuxKernel();
      await until("the wire is up", () => kernel.interfaces.get(WIRE)?.up === true);
      kernel.close();
    });
    afterAll(() => {
      compiled?.close();
      namespaces?.close();
    });
    const run = (then: string, flags: readonly string[] = []) =>
      compiled.run(listening(then), { flags, namespace: namespaces.a });

    it("ends by itself after close, and not before", () => {
      const ended = run(`
      listen(() => {});
      kernel.setAlarm(kernel.now() + 30_000, () => {
        console.log("rang");
        kernel.close();
      });
      process.on("exit", (code) => console.log("exit", code));`);
      expect(ended).toEqual({ code: 0, out: "rang\nexit 0\n", err: "" });
    });

    it("ends with the error when a listener throws", () => {
      for (const cause of [
        'kernel.watch(() => { throw new Error("told too much"); }); spawnSync("ip", ["link", "set", "other0", "mtu", "1400"]);',
        'kernel.setAlarm(kernel.now(), () => { throw new Error("told too much"); });',
        'kernel.listen("lo", "ipv4", () => { throw new Error("told too much"); }); sendToMyself();',
      ]) {
        const ended = run(`listen(() => {}); ${cause}`);
        expect(ended.err).toContain("told too much");
        expect(ended.code).toBe(1);
      }
    });

    it("gives its children no socket", () => {
      const ended = run(`
      const target = (fd) => { try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; } };
      const open = () => readdirSync("/proc/self/fd").map(target).filter((to) => /^socket:|timerfd/.test(to));
      const before = new Set(open());
      listen(() => {});
      kernel.sendFrame("${WIRE}", new Uint8Array(60));
      kernel.sendPacket("${WIRE}", "ipv4", new Uint8Array(20), "224.0.0.18");
      kernel.sendPacket("${WIRE}", "ipv6", new Uint8Array(40), "ff02::12");
      const child = spawnSync("ls", ["-l", "/proc/self/fd"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).stdout;
      const all = open();
      console.log(JSON.stringify({
        sockets: all.filter((to) => !before.has(to)).length,
        all: all.length,
        inherited: all.filter((to) => child.includes(to)),
      }));
      kernel.close();`);
      // Two receivers, two senders, one packet socket; with netlink's two and the timer at least eight.
      const told: { sockets: number; all: number; inherited: string[] } = JSON.parse(ended.out);
      expect(told.sockets).toBe(5);
      expect(told.all).toBeGreaterThanOrEqual(8);
      expect(told.inherited).toEqual([]);
      expect(ended.code).toBe(0);
    });

    it("goes on hearing when the collector has been round, though nobody holds the kernel", () => {
      // A raw socket that nobody holds is closed by the collector, and a watch that nobody holds falls silent.
      const ended = compiled.run(
        `
      import { spawn } from "node:child_process";
      import { openLinuxKernel } from "./agent/linux/linux-kernel.js";
      const expected = new Set(["addresses", "datagram", "ring"]);
      const told = (what) => {
        if (expected.delete(what)) console.log(what);
        if (expected.size === 0) process.exit(0);
      };
      const set = () => {
        const kernel = openLinuxKernel();
        kernel.watch((change) => told(change.type));
        kernel.listen("lo", "ipv4", () => told("datagram"));
        kernel.setAlarm(kernel.now() + 200_000, () => told("ring"));
      };
      set();
      let turns = 0;
      const collect = () => {
        globalThis.gc();
        if (++turns < 20) return setTimeout(collect, 1);
        spawn("ip", ["address", "add", "10.77.0.1/32", "dev", "${WIRE}"]);
        const sender = openLinuxKernel();
        sender.sendPacket("lo", "ipv4", Buffer.from("${TO_MYSELF}", "hex"), "127.0.0.1");
        sender.close();
      };
      setTimeout(collect, 1);
      setTimeout(() => process.exit(1), 5_000);`,
        { flags: ["--expose-gc"], namespace: namespaces.a },
      );
      expect(ended.err).toBe("");
      expect(ended.out.split("\n").sort()).toEqual(["", "addresses", "datagram", "ring"]);
      expect(ended.code).toBe(0);
    });

    it("runs promises and ticks that a ring left behind, without waiting for anything else", () => {
      const ended = run(`
      const began = kernel.now();
      kernel.setAlarm(began + 10_000, () => {
        process.nextTick(() => console.log("tick"));
        Promise.resolve().then(() => {
          console.log("promise", kernel.now() - began < 500_000);
          clearTimeout(other);
          kernel.close();
        });
      });
      const other = setTimeout(() => console.log("too late"), 3_000);`);
      expect(ended.out.split("\n").sort()).toEqual(["", "promise true", "tick"]);
      expect(ended.code).toBe(0);
    });

    it("says which capability is missing", () => {
      const ended = compiled.run(
        `import { spawnSync } from "node:child_process";
       const words = ["--reuid=65534", "--clear-groups", "--inh-caps=-all", process.execPath, new URL("./unprivileged.js", import.meta.url).pathname];
       import { writeFileSync } from "node:fs";
       writeFileSync(new URL("./unprivileged.js", import.meta.url), ${JSON.stringify(`
         import { openLinuxKernel } from "./agent/linux/linux-kernel.js";
         import { usualAddress } from "./agent/core/usual.js";
         import { becomeRealtime, capabilities } from "./agent/linux/realtime.js";
         const kernel = openLinuxKernel();
         const va = { ...usualAddress, address: "10.1.1.1", prefixLength: 32, interface: "${WIRE}" };
         console.log(JSON.stringify({
           capabilities: capabilities(),
           errors: [kernel.listen("${WIRE}", "ipv4", () => {}), kernel.sendFrame("${WIRE}", new Uint8Array(60)),
             ...kernel.addAddresses([va]), becomeRealtime(50)].map((outcome) => outcome.error),
         }));
         kernel.close();`)});
       const { stdout, stderr } = spawnSync("setpriv", words, { encoding: "utf8" });
       process.stdout.write(stdout);
       process.stderr.write(stderr);`,
        { namespace: namespaces.a },
      );
      expect(ended.err).toBe("");
      const { capabilities, errors } = JSON.parse(ended.out);
      expect(capabilities).toEqual({ netRaw: false, netAdmin: false, sysNice: false });
      expect(errors).toHaveLength(4);
      for (const error of errors) expect(error).toMatch(/^EPERM: /);
      expect(errors[0]).toContain("CAP_NET_RAW");
      expect(errors[1]).toContain("CAP_NET_RAW");
      expect(errors[3]).toContain("CAP_SYS_NICE");
    });

    it("can be put into the real-time class, and its children are not in it", () => {
      const ended = run(`
      const { becomeRealtime, capabilities, clearAmbientCapabilities } = await import("./agent/linux/realtime.js");
      console.log(JSON.stringify([becomeRealtime(50), clearAmbientCapabilities(), capabilities()]));
      const policy = (pid) => spawnSync("chrt", ["-p", String(pid)], { encoding: "utf8" }).stdout.match(/SCHED_\\w+/)[0];
      console.log(policy(process.pid), spawnSync("sh", ["-c", "chrt -p $$"], { encoding: "utf8" }).stdout.match(/SCHED_\\w+/)[0]);
      kernel.close();`);
      const [first = "", second = ""] = ended.out.split("\n");
      expect(JSON.parse(first)).toEqual([{ ok: true }, { ok: true }, { netRaw: true, netAdmin: true, sysNice: true }]);
      expect(second).toBe("SCHED_RR SCHED_OTHER");
    });
  },
);
