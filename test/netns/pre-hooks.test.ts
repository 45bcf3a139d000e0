// pre_master and pre_backup on a real machine: what the LAN and the kernel see while a program runs before the
// addresses come and go.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { eventually } from "./eventually.ts";
import { tell } from "./figures.ts";
import { finish, makeHome, startHeird } from "./heird.ts";
import { createLan, type Lan } from "./lan.ts";
import { watchAddresses } from "./monitor.ts";
import { isGratuitousArp, type Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { advertFrom, claimFrom, largestGap, resignationFrom, VRRP_TRAFFIC } from "./wire.ts";

const [OWN, VIP] = ["192.168.1.11", "192.168.1.1"];
/** 0.2 s in µs. */
const INTERVAL = 200_000;

/** Says when it began and ended, in µs, and whether the address is there; one write a line. */
const SCRIPT = (folder: string): string => `#!/bin/bash
has() { case "$(ip -o -4 addr show dev eth0)" in *" ${VIP}/24"*) echo yes ;; *) echo no ;; esac; }
echo "$1 began \${EPOCHREALTIME/./} $(has)" >> ${folder}/calls
[ "$2" = 0 ] || sleep "$2"
echo "$1 ended \${EPOCHREALTIME/./} $(has)" >> ${folder}/calls
`;
const config = (folder: string, seconds: string, policy: string): string => `
global_defs {
  script_user root
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 1
  priority 100
  advert_int 0.2
  virtual_ipaddress { ${VIP}/24 }
  pre_master "${folder}/say.sh pre_master ${seconds}"
  pre_backup "${folder}/say.sh pre_backup ${seconds}"
  notify_master "${folder}/say.sh notify_master 0"
  ${policy}
}
`;

type Line = { readonly at: number; readonly there: string };

describe.skipIf(mustSkip("programs before the addresses", ["ip", "tcpdump"]))("pre_master and pre_backup", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    lan = await createLan("prehooks", [{ name: "rt1", addresses: [`${OWN}/24`] }]);
  });
  afterAll(() => lan.remove());

  const fresh = (): string => {
    folder = mkdtempSync(join(tmpdir(), "heird-prehooks-"));
    writeFileSync(join(folder, "say.sh"), SCRIPT(folder));
    chmodSync(join(folder, "say.sh"), 0o755);
    writeFileSync(join(folder, "calls"), "");
    return folder;
  };
  const said = (what: string): Line | undefined => {
    const line = readFileSync(join(folder, "calls"), "utf8")
      .split("\n")
      .find((one) => one.startsWith(`${what} `));
    const [, , at = "", there = ""] = line?.split(" ") ?? [];
    return line === undefined ? undefined : { at: Number(at), there };
  };
  const heard = (what: string): Promise<Line> => eventually(`${what} was said`, () => said(what), { within: 30_000 });
  const first = (packets: readonly Packet[], wanted: (packet: Packet) => boolean): number =>
    packets.find(wanted)?.at ?? Number.NaN;

  /** One life: Master, and the end. What was seen of it. */
  const live = async (seconds: string, policy: string) => {
    const rt1 = lan.host("rt1");
    const home = makeHome(rt1, config(fresh(), seconds, policy));
    const seen = await lan.capture(...VRRP_TRAFFIC.split(" "));
    const monitor = await watchAddresses(rt1);
    const heird = await startHeird(rt1, home);
    const came = await eventually("the address is there", () => monitor.events().find(({ gone }) => !gone), {
      within: 30_000,
    });
    const master = await heard("notify_master began");
    const asMaster = seen.packets().filter(claimFrom(OWN));
    await heird.stop(20_000);
    const events = await monitor.stop();
    const packets = await seen.stop();
    const log = readLog(home.stateDirectory).lines.flatMap((line) => (line.type === "event" ? [line.seen] : []));
    finish(home);
    return { came, master, asMaster, events, packets, log };
  };
  const tooLong = (log: Awaited<ReturnType<typeof live>>["log"]) =>
    log.flatMap((seen) => (seen.type === "effectFailed" && seen.effect === "prepare" ? [seen.error] : []));

  test("run while the adverts go out, and end before the addresses come and before they go", async () => {
    const { came, master, asMaster, events, packets, log } = await live("1", "hook_policy { pre_deadline 10 }");
    const [began, ended] = [await heard("pre_master began"), await heard("pre_master ended")];
    const [left, gone] = [await heard("pre_backup began"), await heard("pre_backup ended")];
    expect([began.there, ended.there, master.there, left.there, gone.there]).toEqual(["no", "no", "yes", "yes", "yes"]);
    // The first advertisement says who is Master before the program has run; five intervals later it has.
    const claim = first(packets, claimFrom(OWN));
    expect(claim).toBeLessThan(ended.at);
    expect(came.at).toBeGreaterThan(ended.at);
    expect(first(packets, isGratuitousArp)).toBeGreaterThan(ended.at);
    // RFC 9568 §6.4.3: an advertisement each Advertisement_Interval: none is an interval late.
    expect(asMaster.filter(({ at }) => at < came.at).length).toBeGreaterThan(3);
    expect(largestGap(asMaster)).toBeLessThan(2 * INTERVAL);
    // The resignation does not wait for pre_backup either.
    expect(first(packets, resignationFrom(OWN))).toBeLessThan(gone.at);
    const goneAt = events.find((event) => event.gone)?.at ?? Number.NaN;
    expect(goneAt).toBeGreaterThan(gone.at);
    expect(tooLong(log)).toEqual([]);
    tell(
      `pre_master of 1 s: address ${((came.at - claim) / 1_000).toFixed(0)} ms after the first advert, largest gap ${(largestGap(asMaster) / 1_000).toFixed(1)} ms at 200 ms`,
    );
    rmSync(folder, { recursive: true, force: true });
  });

  test("that hang hold the addresses back until their deadline, and the log says so", async () => {
    const { came, packets, asMaster, log } = await live("60", "hook_policy { deadline 2\n pre_deadline 0.6 }");
    const claim = first(packets, advertFrom(OWN));
    // Not before 0.6 s after it was asked for, which was no later than the advertisement; a noisy machine adds.
    expect(came.at - claim).toBeGreaterThan(590_000);
    expect(came.at - claim).toBeLessThan(6_000_000);
    expect(said("pre_master ended")).toBeUndefined();
    expect(largestGap(asMaster)).toBeLessThan(2 * INTERVAL);
    expect(tooLong(log)[0]).toBe("pre_master has not ended after 0.6 s; the addresses wait no longer");
    rmSync(folder, { recursive: true, force: true });
  });

  test("are not waited for unless that is asked for", async () => {
    const { came, log } = await live("2", "");
    const ended = await heard("pre_master ended");
    expect(came.at).toBeLessThan(ended.at);
    expect(tooLong(log)).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  });
});
