// Figures of real daemons: what is scraped over HTTP is what the command line prints, what the log comes to
// when somebody else counts it, and what was on the wire.

import { describe, expect, test } from "vitest";
import type { Line } from "../../agent/log/line.ts";
import { readLog } from "../../agent/log/read.ts";
import { linesOf } from "../../agent/operate/exposition.ts";
import { foldFamilies } from "../../agent/operate/metrics.ts";
import { tallyOf } from "../../agent/operate/tally.ts";
import { parsePage } from "../metrics/page.ts";
import { configOf } from "./config.ts";
import { eventually } from "./eventually.ts";
import { type Heird, heird, snapshotOf } from "./heird.ts";
import type { Host } from "./lan.ts";
import type { Packet } from "./packet.ts";
import { mustSkip } from "./requirements.ts";
import { onSite, ROUTERS } from "./site.ts";
import { advertFrom, resignationFrom } from "./wire.ts";

const PATIENCE = { within: 30_000 };
const VIP = "192.168.1.100";
const PORT = 9650;

/** Of IPv6, which the kernel is to look for before it uses it; and somebody else on the LAN has it. */
const TAKEN = "2001:db8::99";
const OTHER = { name: "other", addresses: ["192.168.1.13/24", `${TAKEN}/64`] };

const EXTRA = ['notify_master "/bin/true"', "virtual_ipaddress_excluded {", `  ${TAKEN}/64 -nodad`, "}"];

const config = (priority: number): string =>
  `${configOf({ priority, addresses: [`${VIP}/24`], interval: "0.5", extra: EXTRA })}
metrics {
  listen 127.0.0.1 ${PORT}
}
`;

const CLIENT = `
  const [path, method] = process.argv.slice(1);
  require("node:http").request({ host: "127.0.0.1", port: ${PORT}, path, method }, (answer) => {
    let body = "";
    answer.on("data", (chunk) => (body += chunk)).on("end", () => console.log(answer.statusCode + " " + body));
  }).end();`;

const get = (host: Host, path: string, method = "GET"): Promise<string> =>
  host.run([process.execPath, "-e", CLIENT, path, method], { timeout: 30_000 });

/** Families that do not change while nothing happens; those of a Master that goes on are compared by bounds. */
const STILL =
  /^heird_(vrrp_(state|transitions_total|adverts_received_total|priority_zero_received_total|base_priority)|vip_|notify_runs_total|check_|link_)/;
const still = (page: string): readonly string[] =>
  page.split("\n").filter((line) => STILL.test(line) && !/seconds/.test(line));

const totalOf = (page: string, name: string, label = ""): number =>
  parsePage(page)
    .filter((series) => series.name === name && series.labels.includes(label))
    .reduce((sum, { value }) => sum + value, 0);

const scrape = async (host: Host): Promise<string> =>
  `${(await get(host, "/metrics")).slice("200 ".length).trimEnd()}\n`;

async function youngerThan(host: Host, seq: number): Promise<string | false> {
  const page = await scrape(host);
  return totalOf(page, "heird_log_head_seq") >= seq && page;
}

/** Waits until the daemon on this host says so. */
const answers = (what: string, host: Host, path: string, wanted: string): Promise<unknown> =>
  eventually(what, async () => (await get(host, path)).includes(wanted), PATIENCE);

/** What HTTP answers besides figures, and that /healthz sees what no look at the process would show. */
async function probe(rt1: Host, rt2: Host): Promise<void> {
  await answers("it answers over HTTP", rt2, "/livez", "200 ok");
  await answers("the Master has its addresses", rt1, "/healthz", "200 ");
  await answers("the Backup has none", rt2, "/healthz", "200 ");
  expect(await get(rt2, "/readyz")).toMatch(/^200 ok/);
  expect(await get(rt2, "/metrics", "POST")).toMatch(/^405 /);
  expect(await get(rt2, "/nothing")).toMatch(/^404 /);
  await rt2.run(["ip", "address", "add", `${VIP}/24`, "dev", "eth0"]);
  await answers("an address on a Backup is told", rt2, "/healthz?vr=VI_1", `"unexpected":["${VIP}"]`);
  await rt2.run(["ip", "address", "delete", `${VIP}/24`, "dev", "eth0"]);
  await answers("it is well again", rt2, "/healthz?vr=VI_1", "200 ");
}

/** One address it has; the other one the kernel does not use, because somebody else answered for it. */
async function meetDuplicate(rt2: Host, node: Heird): Promise<void> {
  await answers("the duplicate is told", rt2, "/healthz?vr=VI_1", `"missing":["${TAKEN}"]`);
  expect((await node.status()).duplicates).toEqual([`eth0 ${TAKEN}`]);
  expect(node.output()).toMatch(/"level":40.*2001:db8::99 on eth0 is not used: somebody else on the link has it/);
}

/** A page over HTTP and the next one of the command line, and the numbers of the log's lines around them. */
async function pagesOf(rt2: Host, node: Heird) {
  const told = async (): Promise<boolean> => {
    const page = await scrape(rt2);
    return totalOf(page, "heird_notify_runs_total") === totalOf(page, "heird_vrrp_transitions_total", 'to="master"');
  };
  await eventually("its hooks are over", told, PATIENCE);
  const before = await snapshotOf(node);
  // A page is good for a second; this one is to be younger than the snapshot.
  const scraped = await eventually("a new page", () => youngerThan(rt2, before.seq), PATIENCE);
  const command = heird("metrics", "--state-dir", node.home.stateDirectory);
  const printed = await rt2.run(command, { timeout: 30_000 });
  const later = await snapshotOf(node);
  return { scraped, printed, before: before.seq, later: later.seq };
}

/** The page that somebody makes from the log alone. */
function pageFrom(lines: readonly Line[], seq: number): string {
  const { tally, state } = tallyOf(lines.filter((line) => line.seq <= seq));
  const last = lines.at(-1);
  if (state === null || last === undefined) throw new Error("the log is empty");
  return [...linesOf(foldFamilies({ tally, state, now: last.at, wall: last.hlc }))].join("");
}

describe.skipIf(mustSkip("figures of real daemons", ["ip", "nft", "tcpdump"]))("a page of figures", () => {
  test("is true: HTTP, the command line, the log and the wire agree; and so do the probes", async () => {
    await onSite("figs", [...ROUTERS, OTHER], async (site) => {
      const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
      const seen = await site.capture("ip proto 112");
      for (const scope of ["all", "eth0"]) await rt2.sysctl(`net.ipv6.conf.${scope}.accept_dad`, 1);
      const second = await site.heird("rt2", config(50));
      const first = await site.heird("rt1", config(100));
      await first.reach("master");
      await second.reach("backup");
      await probe(rt1, rt2);
      expect(await first.stop()).toMatchObject({ code: 0 });
      await second.reach("master");
      await meetDuplicate(rt2, second);

      // Nobody else speaks any more: what was received stands still, what is sent goes on.
      const { scraped, printed, before, later } = await pagesOf(rt2, second);
      expect(await second.stop()).toMatchObject({ code: 0 });
      const packets = await seen.stop();
      const { lines } = readLog(second.home.stateDirectory);
      const [was, is] = [pageFrom(lines, before), pageFrom(lines, later)];
      expect(still(scraped)).toEqual(still(printed));
      expect(still(scraped)).toEqual(still(is));
      const sent = (page: string): number => totalOf(page, "heird_vrrp_adverts_sent_total");
      expect(sent(scraped)).toBeGreaterThanOrEqual(sent(was));
      expect(sent(scraped)).toBeLessThanOrEqual(sent(is));
      for (const page of [scraped, printed]) expect(parsePage(page).length).toBeGreaterThan(60);
      expect(totalOf(scraped, "heird_vrrp_transitions_total", 'reason="master_resigned"')).toBe(1);
      expect(totalOf(scraped, "heird_vip_duplicate", `address="${TAKEN}"`)).toBe(1);
      expect(totalOf(scraped, "heird_vip_present", `address="${VIP}"`)).toBe(1);

      // The wire: all that rt1 said was heard, its resignation among it, and rt2 said what its log says it did.
      const said = (wanted: (packet: Packet) => boolean): number => packets.filter((packet) => wanted(packet)).length;
      expect(totalOf(scraped, "heird_vrrp_adverts_received_total")).toBe(said(advertFrom("192.168.1.11")));
      expect(totalOf(scraped, "heird_vrrp_priority_zero_received_total")).toBe(said(resignationFrom("192.168.1.11")));
      const [all] = tallyOf(lines).tally.routers.values();
      expect(all?.sent).toBe(said(advertFrom("192.168.1.12")));
      expect(all?.zeroSent).toBe(said(resignationFrom("192.168.1.12")));
    });
  }, 120_000);
});
