// heird beside FRR's vrrpd 8.4, both families of one VRID at once, in both roles. FRR 8.4 knows one form of
// checksum over IPv4, with pseudo-header; newer ones have a switch, and behave with it as this one does when
// the two forms are exchanged on its way.

import { describe, expect, test } from "vitest";
import { type Capture, tellPackets } from "../netns/capture.ts";
import { configOf } from "../netns/config.ts";
import { eventually } from "../netns/eventually.ts";
import { exchangeChecksums, type Frr, type FrrRouter, frrHolds, prepareFrr, startFrr } from "../netns/frr.ts";
import { expectOneMaster } from "../netns/mastership.ts";
import { mustSkip } from "../netns/requirements.ts";
import { onSite, ROUTERS, type Site } from "../netns/site.ts";
import {
  advertFrom,
  announcementOf,
  claimFrom,
  lastBefore,
  resignationFrom,
  VRRP_TRAFFIC,
  wallClock,
} from "../netns/wire.ts";

const ADDRESSES = ["192.168.1.1", "fe80::1:1", "2001:db8::1"];
const [INTERVAL, LATE] = [500_000, 100_000];
// RFC 5798 §6.1, priority 100 at 0.5 s: Skew_Time = (256 - 100) * 0.5 s / 256 = 0.3046875 s,
// Master_Down_Interval = 3 * 0.5 s + Skew_Time = 1.8046875 s. FRR counts whole centiseconds: 0.30 s and 1.80 s.
const SKEW = 300_000;
const DOWN = 1_800_000;

const frr = (priority: number): FrrRouter => ({
  vrid: 1,
  priority,
  interval: 500,
  ipv4: ["192.168.1.1/24"],
  ipv6: ["fe80::1:1/64", "2001:db8::1/64"],
  linkLocal: "fe80::12",
});
const heird = (priority: number, extra: readonly string[] = []): string =>
  configOf(
    { name: "FOUR", priority, interval: "0.5", addresses: ["192.168.1.1/24"], extra },
    { name: "SIX", priority, interval: "0.5", addresses: ["fe80::1:1/64", "2001:db8::1/64"] },
  );

/** One of the two: whom it speaks as, and how many of its two families it holds the addresses of. */
type Side = { readonly sources: readonly string[]; readonly holding: () => Promise<number> };
type Scene = { readonly site: Site; readonly seen: Capture; readonly ours: Side; readonly theirs: Side };

async function onScene(tag: string, act: (scene: Scene) => Promise<void>): Promise<void> {
  await onSite(`frr${tag}`, ROUTERS, async (site) => {
    const [rt1, rt2] = [site.host("rt1"), site.host("rt2")];
    await prepareFrr(rt2, frr(100));
    const seen = await site.capture(VRRP_TRAFFIC);
    const holding = async (): Promise<number> => {
      const there = (await rt1.addresses()).map(({ address }) => address);
      return Number(there.includes("192.168.1.1")) + Number(ADDRESSES.slice(1).every((one) => there.includes(one)));
    };
    const ours = { sources: ["192.168.1.11", rt1.linkLocal], holding };
    const theirs = { sources: ["192.168.1.12", "fe80::12"], holding: () => frrHolds(rt2) };
    await act({ site, seen, ours, theirs });
    await seen.stop();
  });
}

/** For each family: its first advertisement after `since` that `wanted` accepts. */
const firsts = ({ seen }: Scene, what: string, { sources }: Side, wanted: typeof claimFrom, since: number) =>
  Promise.all(
    sources.map((source) =>
      seen.next(`${what} (${source})`, (p) => p.at > since && wanted(source)(p), { within: 30_000 }),
    ),
  );

const patient = { within: 30_000 };

/** `owner` claims in both families and holds everything alone, longer than the other's Master_Down_Interval. */
async function ownsAlone(scene: Scene, owner: Side, other: Side, since: number): Promise<void> {
  await firsts(scene, "the owner claims", owner, claimFrom, since);
  await eventually(
    "the owner alone holds everything",
    async () => (await owner.holding()) === 2 && (await other.holding()) === 0,
    patient,
  );
  const start = wallClock() + LATE;
  await firsts(scene, "the owner goes on", owner, claimFrom, start + DOWN + INTERVAL);
  const intruding = scene.seen
    .packets()
    .filter((p) => p.at > start && other.sources.some((source) => advertFrom(source)(p)));
  expect(tellPackets(intruding), "the other one is silent").toBe("");
  expect(await owner.holding()).toBe(2);
  expect(await other.holding()).toBe(0);
}

/** After a resignation only Skew_Time is waited for: shorter than any silence. */
async function inheritsAtOnce(scene: Scene, leaving: Side, heir: Side, since: number): Promise<void> {
  const resigned = await firsts(scene, "the owner resigns", leaving, resignationFrom, since);
  const claims = await firsts(scene, "the heir claims", heir, claimFrom, since);
  for (const [i, claim] of claims.entries()) {
    const waited = claim.at - (resigned[i]?.at ?? 0);
    expect(waited).toBeGreaterThan(SKEW - 15_000);
    expect(waited).toBeLessThan(DOWN - INTERVAL);
  }
}

/** FRR's first word over IPv6 is lost, because the carrier it asks for is not there yet; the next one is heard. */
async function inheritsFromSilence(scene: Scene, dead: Side, heir: Side, since: number): Promise<void> {
  const claims = await firsts(scene, "the heir claims", heir, claimFrom, since);
  for (const [i, claim] of claims.entries()) {
    const waited = claim.at - lastBefore(scene.seen.packets(), claim.at, claimFrom(dead.sources[i] ?? ""));
    expect(waited).toBeGreaterThan(DOWN - 15_000);
    expect(waited).toBeLessThan(DOWN + 2 * INTERVAL);
  }
}

/** Packets that it refused; that a weaker one is discarded is none of them. */
const complaintsOf = ({ output }: Frr): readonly string[] =>
  output()
    .split("\n")
    .filter((line) => /Bad|[Ii]nvalid|mismatch|[Dd]iscard|[Dd]iffer/.test(line) && !/\(\d+ <=? \d+ &/.test(line));

/** Everything that either of the two may say over IPv4. */
const SAID = (
  [
    ["192.168.1.11", [200, 50, 0]],
    ["192.168.1.12", [100, 0]],
  ] as const
).flatMap(([source, priorities]) =>
  priorities.map(
    (priority) =>
      ({
        version: 3,
        vrid: 1,
        priority,
        addresses: ["192.168.1.1"],
        interval: 50,
        source,
        destination: "224.0.0.18",
      }) as const,
  ),
);

const timeout = 180_000;

describe.skipIf(mustSkip("heird beside FRR", ["ip", "nft", "tcpdump", "vrrpd"])).concurrent("heird beside FRR", () => {
  test("heird is the stronger one: it preempts, resigns, dies, and FRR takes over", { timeout }, async () => {
    await onScene("s", async (scene) => {
      const { site, seen, ours, theirs } = scene;
      await startFrr(site.host("rt2"), frr(100));
      await firsts(scene, "FRR claims", theirs, claimFrom, 0);
      await eventually("FRR holds everything", async () => (await theirs.holding()) === 2, patient);
      let since = wallClock();
      let node = await site.heird("rt1", heird(200));
      await ownsAlone(scene, ours, theirs, since);
      for (const address of ADDRESSES)
        await seen.next(`${address} is announced`, announcementOf(address, site.host("rt1").mac));
      since = wallClock();
      expect((await node.stop()).code).toBe(0);
      await inheritsAtOnce(scene, ours, theirs, since);
      since = wallClock();
      node = await site.again(node);
      await ownsAlone(scene, ours, theirs, since);
      since = wallClock();
      node.signalAll("SIGKILL");
      await node.ended;
      await inheritsFromSilence(scene, ours, theirs, since);
      since = wallClock();
      node = await site.again(node);
      await firsts(scene, "heird claims", ours, claimFrom, since);
      await eventually("FRR lets go", async () => (await theirs.holding()) === 0, patient);
      // Each three times heird and three times FRR, in each family.
      expect(expectOneMaster("FRR, heird the stronger one", await seen.stop(), INTERVAL)).toBeGreaterThanOrEqual(12);
    });
  });

  test("FRR is the stronger one: it preempts, resigns, dies, and heird takes over", { timeout }, async () => {
    await onScene("w", async (scene) => {
      const { site, seen, ours, theirs } = scene;
      const node = await site.heird("rt1", heird(100));
      await node.reach("master");
      let since = wallClock();
      let neighbour = await startFrr(site.host("rt2"), frr(200));
      await ownsAlone(scene, theirs, ours, since);
      expect((await node.status()).instances).toMatchObject([
        { state: "backup", neighbours: [{ address: "192.168.1.12", checksum: "pseudoHeader", sameAddresses: true }] },
        { state: "backup", neighbours: [{ address: "fe80::12", sameAddresses: true }] },
      ]);
      since = wallClock();
      await neighbour.stop();
      await inheritsAtOnce(scene, theirs, ours, since);
      await node.reach("master");
      since = wallClock();
      neighbour = await startFrr(site.host("rt2"), frr(200));
      await ownsAlone(scene, theirs, ours, since);
      since = wallClock();
      await neighbour.crash();
      await inheritsFromSilence(scene, theirs, ours, since);
      await node.reach("master");
      since = wallClock();
      neighbour = await startFrr(site.host("rt2"), frr(200));
      await firsts(scene, "FRR claims", theirs, claimFrom, since);
      await node.reach("backup");
      expect(complaintsOf(neighbour)).toEqual([]);
      expect(expectOneMaster("FRR the stronger one", await seen.stop(), INTERVAL)).toBeGreaterThanOrEqual(12);
    });
  });

  test("without pseudo-header FRR 8.4 does not believe heird, and heird says why", { timeout }, async () => {
    await onScene("v", async (scene) => {
      const { site, ours, theirs, seen } = scene;
      const neighbour = await startFrr(site.host("rt2"), frr(200));
      const since = wallClock();
      const node = await site.heird("rt1", heird(100, ["v3_checksum_as_v2"]));
      // heird accepts either form.
      await ownsAlone(scene, theirs, ours, since);
      expect((await node.status()).instances[0]).toMatchObject({
        checksum: "plain",
        neighbours: [{ checksum: "pseudoHeader" }],
      });
      // Strict mode refuses the form that it does not send; over IPv6 there is but one form.
      node.reload(heird(100, ["v3_checksum_as_v2", "strict_checksum"]));
      await seen.next("heird does not hear FRR", claimFrom("192.168.1.11"), patient);
      await eventually(
        "and says so",
        async () => (await node.status()).instances[0]?.splitBrain?.field === "checksum",
        patient,
      );
      expect((await node.status()).instances).toMatchObject([
        { splitBrain: { source: "192.168.1.12" } },
        { state: "backup" },
      ]);
      await eventually("FRR refuses it, too", () => neighbour.output().includes("Bad VRRP checksum"), patient);
      // And the same form is what both of them want.
      node.reload(heird(100, ["strict_checksum"]));
      await node.reach("backup");
    });
  });

  test("with the other form of checksum FRR and v3_checksum_as_v2 are neighbours", { timeout }, async () => {
    await onScene("x", async (scene) => {
      const { site, seen, ours, theirs } = scene;
      await exchangeChecksums(site.host("rt2"), SAID);
      const neighbour = await startFrr(site.host("rt2"), frr(100));
      await firsts(scene, "FRR claims", theirs, claimFrom, 0);
      let since = wallClock();
      let node = await site.heird("rt1", heird(200, ["v3_checksum_as_v2", "strict_checksum"]));
      await ownsAlone(scene, ours, theirs, since);
      since = wallClock();
      await node.stop();
      await inheritsAtOnce(scene, ours, theirs, since);
      since = wallClock();
      node.home.write(heird(50, ["v3_checksum_as_v2", "strict_checksum"]));
      node = await site.again(node);
      await ownsAlone(scene, theirs, ours, since);
      expect((await node.status()).instances[0]).toMatchObject({
        state: "backup",
        neighbours: [{ address: "192.168.1.12", checksum: "plain", sameAddresses: true }],
      });
      since = wallClock();
      await neighbour.stop();
      await firsts(scene, "FRR resigns", theirs, resignationFrom, since);
      await firsts(scene, "heird claims", ours, claimFrom, since);
      expect(complaintsOf(neighbour)).toEqual([]);
      expect(expectOneMaster("FRR without pseudo-header", await seen.stop(), INTERVAL)).toBeGreaterThanOrEqual(8);
    });
  });
});
