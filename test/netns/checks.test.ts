// Uplink tracking on real packets: three routers, one of them Keepalived, and an uplink that dies. Every
// kind of check takes its address from the router whose uplink is dead, and brings it back afterwards.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { heird } from "./heird.ts";
import type { Host } from "./lan.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { GATEWAY, GATEWAY6, layUplink } from "./uplink.ts";
import { claimFrom, VRRP_TRAFFIC, wallClock } from "./wire.ts";

const SPECS = [...ROUTERS, { name: "rt3", addresses: ["192.168.1.13/24"] }, { name: "far", addresses: [] }];
const directory = mkdtempSync(join(tmpdir(), "heird-uplink-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = (name: string): string => join(directory, name);

// Above Keepalived's 120 with everything good; 150 - 60 = 90 lies below it.
const STRONG = 150;
const DROP = "weight -60";
// A timeout that a busy machine keeps, and a dead uplink does not.
const RHYTHM = ["interval 0.1", "timeout 0.4", "fall 2", "rise 2", "hold_down 0.5"];

type Kind = { readonly name: string; readonly track: string; readonly define: readonly string[] };
const check = (name: string, ...lines: readonly string[]): Kind => ({
  name,
  track: `track_check {\n ${name} ${DROP}\n}`,
  define: [`vrrp_check ${name} {`, ...lines, ...RHYTHM, "}"],
});

/** What is asked over the uplink. */
const KINDS: readonly Kind[] = [
  check("http", `http http://${GATEWAY}/`, "expect_json /load 10"),
  {
    name: "https",
    track: `track_check {\n https ${DROP}\n}`,
    // A handshake takes its time on a busy machine.
    define: [
      "vrrp_check https {",
      `https https://${GATEWAY}/\nca ${path("gateway.pem")}\nexpect_body secure`,
      "interval 0.5",
      "timeout 0.9",
      "fall 2",
      "rise 2",
      "}",
    ],
  },
  check("tcp", `tcp ${GATEWAY} 80`),
  check("dns", "dns up.example A", `resolver ${GATEWAY}`, "expect 192.0.2.7"),
  check("ping", `ping ${GATEWAY}`, "device eth1", "fall 3"),
  check("ping6", `ping ${GATEWAY6}`),
  check("nd", `nd ${GATEWAY6}`, "device eth1"),
  {
    name: "script",
    track: `track_script {\n script ${DROP}\n}`,
    define: ["vrrp_script script {", `script ${path("ask")}`, "interval 0.1", "timeout 0.4", "fall 2", "rise 2", "}"],
  },
  {
    name: "metric",
    track: "track_check {\n metric\n}",
    define: [
      "vrrp_check metric {",
      `metric {\nurl http://${GATEWAY}/\npointer /load\nlinear 0 100 10 -90\n}`,
      "interval 0.1",
      "timeout 0.4",
      "fall 2",
      "}",
    ],
  },
];

/** The same page behind TLS, with a certificate of its own authority. */
async function serveSecurely(far: Host): Promise<void> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const whose = ["-subj", "/CN=gateway", "-addext", `subjectAltName=IP:${GATEWAY}`];
  execFileSync("openssl", [...args, "-keyout", path("gateway.key"), ...whose, "-out", path("gateway.pem")], {
    stdio: "pipe",
  });
  const [key, cert] = ["gateway.key", "gateway.pem"].map((name) => JSON.stringify(readFileSync(path(name), "utf8")));
  const text = `require("node:https").createServer({ key: ${key}, cert: ${cert} }, (_, page) => page.end("secure"))
    .listen(443, "${GATEWAY}", () => process.stdout.write("serving\\n"));`;
  const server = await far.start("secure server", [process.execPath, "-e", text]);
  await eventually("the uplink serves securely", () => server.output().includes("serving"), { within: 30_000 });
}

/** What only the link and its routes tell, and ARP, which no filter of this family loses. */
const EVENTS: readonly Kind[] = [
  check("arp", `arp ${GATEWAY}`, "device eth1"),
  { name: "interface", track: `track_interface {\n eth1 ${DROP}\n}`, define: [] },
  check("route", "route 198.51.100.0/24", `via ${GATEWAY}`, "device eth1"),
];

/** What is on the router itself. */
const LOCAL: readonly Kind[] = [
  {
    name: "file",
    track: `track_file {\n file weight -60\n}`,
    define: ["track_file file {", `file ${path("number")}`, "init_file 0 overwrite", "}"],
  },
  {
    name: "process",
    track: `track_process {\n process ${DROP}\n}`,
    define: ["vrrp_track_process process {", "process sleep 4321", "quorum 1", "}"],
  },
];

const ALL = [...KINDS, ...EVENTS, ...LOCAL];
const vipOf = ({ name }: Kind): string => `192.168.1.${101 + ALL.findIndex((one) => one.name === name)}`;
const instances = (priority: number, tracked: boolean): string =>
  configOf(
    ...ALL.map((kind, i) => ({
      name: `VI_${kind.name}`,
      vrid: 11 + i,
      priority,
      interval: "0.2",
      addresses: [`${vipOf(kind)}/32`],
      extra: tracked ? [kind.track] : [],
    })),
  );

const tracking = ["global_defs {", "script_user root", "}", ...ALL.flatMap(({ define }) => define), ""].join("\n");

const holding = async (host: Host, kinds: readonly Kind[]): Promise<readonly string[]> => {
  const there = new Set((await host.addresses()).map(({ address }) => address));
  return kinds.filter((kind) => there.has(vipOf(kind))).map(({ name }) => name);
};
const holdsAll = (host: Host, kinds: readonly Kind[]) =>
  eventually(
    `${host.name} holds ${kinds.map(({ name }) => name).join(", ")}`,
    async () => (await holding(host, kinds)).length === kinds.length,
    { within: 60_000, otherwise: async () => `it holds ${(await holding(host, ALL)).join(", ")}` },
  );
const holdsNone = (host: Host, kinds: readonly Kind[]) =>
  eventually(`${host.name} lets go`, async () => (await holding(host, kinds)).length === 0, { within: 30_000 });

describe.skipIf(mustSkip("checks on a LAN", ["ip", "nft", "tcpdump", "keepalived"]))("an uplink that dies", () => {
  test("takes the address along, whatever asks it, and brings it back", async () => {
    writeFileSync(
      path("ask"),
      `#!/bin/bash
exec 3<> /dev/tcp/${GATEWAY}/80
`,
    );
    chmodSync(path("ask"), 0o755);
    await onSite("uplink", SPECS, async (site) => {
      const [rt1, rt2, rt3] = [site.host("rt1"), site.host("rt2"), site.host("rt3")];
      const uplink = await layUplink(rt1, site.host("far"));
      await serveSecurely(site.host("far"));
      const process = await rt1.start("sleep", ["sleep", "4321"]);
      const seen = await site.capture(...VRRP_TRAFFIC.split(" "));
      await rt2.startKeepalived(`global_defs {\n vrrp_version 3\n}\n${instances(120, false)}`);
      const node = await site.heird("rt1", `${tracking}${instances(STRONG, true)}`);
      await site.heird("rt3", instances(100, false));
      await holdsAll(rt1, ALL);
      await holdsNone(rt2, ALL);

      const reactions: Record<string, number> = {};
      const measured = async (kinds: readonly Kind[], fault: number): Promise<void> => {
        for (const kind of kinds) {
          const vrid = 11 + ALL.indexOf(kind);
          const claim = await seen.next(kind.name, (p) => p.at > fault && claimFrom("192.168.1.12", vrid)(p));
          reactions[kind.name] = Math.round((claim.at - fault) / 1_000);
        }
      };

      // The cable stays, the world behind it is gone: events see nothing, questions do.
      const swallowed = wallClock();
      await uplink.swallow();
      await holdsAll(rt2, KINDS);
      await measured(KINDS, swallowed);
      expect(await holding(rt1, [...EVENTS, ...LOCAL])).toHaveLength(EVENTS.length + LOCAL.length);
      await uplink.spit();
      await holdsAll(rt1, ALL);

      const cut = wallClock();
      await uplink.cut();
      await holdsAll(rt2, [...KINDS, ...EVENTS]);
      await measured(EVENTS, cut);
      await uplink.mend();
      await holdsAll(rt1, ALL);

      const local = wallClock();
      writeFileSync(path("number"), "1\n");
      process.signal("SIGKILL");
      await holdsAll(rt2, LOCAL);
      await measured(LOCAL, local);
      writeFileSync(path("number"), "0\n");
      await rt1.start("sleep", ["sleep", "4321"]);
      await holdsAll(rt1, ALL);
      await holdsNone(rt3, ALL);
      globalThis.process.stderr.write(`fault to Keepalived's first advert, ms: ${JSON.stringify(reactions)}\n`);

      const listed = await rt1.run(heird("checks", "--state-dir", node.home.stateDirectory));
      for (const { name } of [...KINDS, ...LOCAL]) expect(listed).toMatch(new RegExp(`/${name} `));
      const once = await rt1.attempt(heird("checks", "run", "http", "-f", node.home.configFile));
      expect(once).toMatchObject({ code: 0, stdout: expect.stringContaining("HTTP 200") });
    });
  }, 240_000);
});
