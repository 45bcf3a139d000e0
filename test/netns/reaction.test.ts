// From a fault of the uplink to the first advertisement of the new Master, with fast handover, and beside it
// Keepalived's own script tracking among Keepaliveds and under a heird that waits for it. Keepalived is also the third
// router of each, and nobody stays Master beside another one for longer than one advertisement.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { rounds, tell } from "./figures.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { GATEWAY, layUplink } from "./uplink.ts";
import { claimFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-reaction-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = (name: string): string => join(directory, name);
const SPECS = [
  ...ROUTERS,
  { name: "rt3", addresses: ["192.168.1.13/24"] },
  { name: "rt4", addresses: ["192.168.1.14/24"] },
  { name: "far", addresses: [] },
];
const address = (host: string): string => `192.168.1.1${host.slice(2)}`;

type Kind = {
  readonly name: string;
  readonly vrid: number;
  readonly fault: "swallow" | "cut";
  /** Who tracks, and who takes over. */
  readonly from: string;
  readonly to: string;
  readonly track: string;
};
const DROP = "weight -60";
const checked = (name: string): string => `track_check {\n${name} ${DROP}\n}`;
const scripted = (name: string): string => `track_script {\n${name} ${DROP}\n}`;
const KINDS: readonly Kind[] = [
  { name: "http 100 ms x 2", vrid: 11, fault: "swallow", from: "rt1", to: "rt2", track: checked("http") },
  { name: "script 100 ms x 2", vrid: 12, fault: "swallow", from: "rt1", to: "rt2", track: scripted("ask") },
  { name: "ping 100 ms x 3", vrid: 13, fault: "swallow", from: "rt1", to: "rt2", track: checked("ping") },
  { name: "interface", vrid: 14, fault: "cut", from: "rt1", to: "rt2", track: `track_interface {\neth1 ${DROP}\n}` },
  { name: "Keepalived's script 1 s x 2", vrid: 20, fault: "swallow", from: "rt3", to: "rt4", track: scripted("flag") },
  {
    name: "Keepalived's script 1 s x 2, heird takes over",
    vrid: 21,
    fault: "swallow",
    from: "rt3",
    to: "rt2",
    track: scripted("flag"),
  },
];

/** A bash connection, so that a script asks the gateway as the native checks do. */
const ASK = `#!/bin/bash\nexec 3<> /dev/tcp/${GATEWAY}/80\n`;
const DEFINITIONS: Readonly<Record<string, string>> = {
  rt1: [
    "global_defs {\nscript_user root\n}",
    `vrrp_check http {\nhttp http://${GATEWAY}/\ninterval 0.1\ntimeout 0.09\nfall 2\n}`,
    `vrrp_check ping {\nping ${GATEWAY}\ndevice eth1\ninterval 0.1\ntimeout 0.09\nfall 3\n}`,
    `vrrp_script ask {\nscript ${path("ask")}\ninterval 0.1\ntimeout 0.4\nfall 2\n}`,
    "",
  ].join("\n"),
  rt3: [
    "global_defs {\nvrrp_version 3\nscript_user root\n}",
    `vrrp_script flag {\nscript ${path("flag")}\ninterval 1\nfall 2\n}`,
    "",
  ].join("\n"),
  rt4: "global_defs {\nvrrp_version 3\n}\n",
};

/** 150 falls to 90, below the heir's 120 and the third one's 100. */
const priorityOf = (host: string, { from, to }: Kind): number => (host === from ? 150 : host === to ? 120 : 100);
const configFor = (host: string): string =>
  (DEFINITIONS[host] ?? "") +
  configOf(
    ...KINDS.filter(({ from, to }) => host === from || host === to || host === "rt3").map((kind) => ({
      name: `VI_${kind.vrid}`,
      vrid: kind.vrid,
      priority: priorityOf(host, kind),
      addresses: [`192.168.1.${100 + kind.vrid}/32`],
      extra: [...(host === kind.from ? [kind.track] : []), ...(host === "rt2" ? ["fast_handover"] : [])],
    })),
  );

describe.skipIf(mustSkip("reaction", ["ip", "nft", "tcpdump", "keepalived"]))("a fault of the uplink", () => {
  test("moves the addresses as soon as it is believed and Skew_Time has passed", async () => {
    const flag = path("down");
    writeFileSync(path("ask"), ASK);
    writeFileSync(path("flag"), `#!/bin/sh\n[ ! -e ${flag} ]\n`);
    for (const name of ["ask", "flag"]) chmodSync(path(name), 0o755);
    await onSite("reaction", SPECS, async (site) => {
      const uplink = await layUplink(site.host("rt1"), site.host("far"));
      const seen = await site.capture(...VRRP_TRAFFIC.split(" "));
      for (const host of ["rt3", "rt4"]) await site.host(host).startKeepalived(configFor(host));
      for (const host of ["rt1", "rt2"]) await site.heird(host, configFor(host));
      const holds = (which: "from" | "to", kinds: readonly Kind[]) =>
        eventually(
          `${kinds.map((kind) => `${kind[which]} holds ${kind.name}`).join(", ")}`,
          async () => {
            const held = await Promise.all(
              kinds.map((kind) => site.host(kind[which]).holds(`192.168.1.${100 + kind.vrid}`)),
            );
            return held.every(Boolean);
          },
          { within: 40_000, every: 100 },
        );
      const measured = new Map<string, number[]>(KINDS.map(({ name }) => [name, []]));
      const faulty = async (fault: Kind["fault"], begin: () => Promise<void>, end: () => Promise<void>) => {
        const kinds = KINDS.filter((kind) => kind.fault === fault);
        await holds("from", KINDS);
        const at = wallClock();
        await begin();
        await holds("to", kinds);
        for (const { name, vrid, from, to } of kinds) {
          const claim = await seen.next(name, (p) => p.at > at && claimFrom(address(to), vrid)(p));
          measured.get(name)?.push((claim.at - at) / 1_000);
          const beside = seen.packets().filter((p) => p.at > claim.at && p.at < claim.at + 2_000_000);
          const others = beside.filter((p) => claimFrom(address(from), vrid)(p) || claimFrom(address("rt3"), vrid)(p));
          // rt3 is the tracker itself of the last two.
          expect(others.length, `${name}: adverts of others after the new Master's first`).toBeLessThanOrEqual(1);
        }
        await end();
      };
      for (let i = 0; i < rounds(1); i++) {
        await faulty(
          "swallow",
          async () => {
            writeFileSync(flag, "");
            await uplink.swallow();
          },
          async () => {
            rmSync(flag);
            await uplink.spit();
          },
        );
        await faulty("cut", uplink.cut, uplink.mend);
      }
      for (const [name, times] of measured)
        tell(`fault to the new Master's first advert, ${name}: ${times.map((ms) => `${ms.toFixed(0)} ms`).join(", ")}`);
      // Heir and Keepaliveds with the same priorities and the same interval of 1 s: who waits for the next
      // advertisement and then for the rest of Master_Down_Interval, 3 s and more, cannot be first.
      const slowest = Math.max(...KINDS.slice(0, 4).flatMap(({ name }) => measured.get(name) ?? []));
      const keepalived = Math.min(...(measured.get("Keepalived's script 1 s x 2") ?? []));
      expect(slowest).toBeLessThan(keepalived);
    });
  }, 150_000);
});
