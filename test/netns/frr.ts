// FRR's vrrpd in a namespace, with a zebra of its own: nothing of it is shared with whatever else runs on
// the machine. FRR puts no addresses on interfaces: it wants a macvlan for each family that has them already,
// and takes its carrier away while it is Backup.

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, run } from "./command.ts";
import { eventually } from "./eventually.ts";
import { advert } from "./frames.ts";
import type { Host } from "./lan.ts";

/** One virtual router of both families, version 3. */
export type FrrRouter = {
  readonly vrid: number;
  readonly priority: number;
  /** Milliseconds, a multiple of 10. */
  readonly interval: number;
  /** With prefix length. */
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** The link-local address that it advertises from. */
  readonly linkLocal: string;
};

export type Frr = {
  /** What vrrpd said so far: every step of its state machine, every packet that it refused. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
  /** Ends both at once; nobody takes the carrier away then. */
  readonly crash: () => Promise<void>;
};

const FOLDER = "/usr/lib/frr";
const hex = (vrid: number): string => vrid.toString(16).padStart(2, "0");

/** The macvlans of a virtual router, made by whoever runs FRR; `frrHolds` tells them by these names. */
const FOUR = "vrrp4";
const SIX = "vrrp6";

const plain = (address: string): string => address.replace(/\/.*/, "");

/** What an administrator does once before FRR is started: the addresses stand on interfaces with the virtual MACs. */
export async function prepareFrr(host: Host, { vrid, ipv4, ipv6, linkLocal }: FrrRouter): Promise<void> {
  // It advertises from the link-local address that the kernel lists first, which is the one that came last.
  for (const [name, mac, addresses] of [
    [FOUR, `00:00:5e:00:01:${hex(vrid)}`, ipv4],
    [SIX, `00:00:5e:00:02:${hex(vrid)}`, [...ipv6, `${linkLocal}/64`]],
  ] as const) {
    await host.run(["ip", "link", "add", name, "link", "eth0", "type", "macvlan", "mode", "bridge"]);
    // A mode that the kernel takes only of an interface that is there.
    await host.run(["ip", "link", "set", name, "addrgenmode", "none"]);
    await host.run(["ip", "link", "set", name, "address", mac]);
    for (const address of addresses)
      await host.run(["ip", "address", "add", address, "dev", name, ...(address.includes(":") ? ["nodad"] : [])]);
    await host.run(["ip", "link", "set", name, "up"]);
  }
}

const configOf = ({ vrid, priority, interval, ipv4, ipv6 }: FrrRouter): string =>
  [
    "log stdout debugging",
    "debug vrrp",
    "interface eth0",
    ` vrrp ${vrid} version 3`,
    ` vrrp ${vrid} priority ${priority}`,
    ` vrrp ${vrid} advertisement-interval ${interval}`,
    ...ipv4.map((address) => ` vrrp ${vrid} ip ${plain(address)}`),
    ...ipv6.map((address) => ` vrrp ${vrid} ipv6 ${plain(address)}`),
    "",
  ].join("\n");

/** Starts zebra and vrrpd on a host that `prepareFrr` has prepared; settles when both families are running. */
export async function startFrr(host: Host, router: FrrRouter): Promise<Frr> {
  const folder = mkdtempSync(join(tmpdir(), "heird-frr-"));
  const daemons: Daemon[] = [];
  const forget = (): void => {
    rmSync(folder, { recursive: true, force: true });
    // Each keeps a folder for its last words there, and one that was killed cannot remove it.
    for (const { name, pid } of daemons) rmSync(`/var/tmp/frr/${name}.${pid}`, { recursive: true, force: true });
  };
  const start = async (name: string, config: string): Promise<Daemon> => {
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, config);
    // They drop root for the user frr, who has to be able to write here.
    await run(["chown", "-R", "frr:frr", folder]);
    const own = ["-f", file, "-z", join(folder, "zserv"), "--vty_socket", folder, "-i", join(folder, `${name}.pid`)];
    const daemon = await host.start(name, [join(FOLDER, name), ...own, "-P", "0"]);
    daemons.push({ ...daemon, name });
    return daemon;
  };
  try {
    const zebra = await start("zebra", "log stdout\n");
    await eventually("zebra listens", () => existsSocket(join(folder, "zserv")), { otherwise: zebra.output });
    const vrrpd = await start("vrrpd", configOf(router));
    const started = () =>
      ["IPv4", "IPv6"].every((family) => vrrpd.output().includes(`[${family}] Initialize -> Backup`));
    await eventually("FRR has started both", started, { within: 30_000, otherwise: vrrpd.output });
    const end = async (how: (daemon: Daemon) => Promise<unknown>): Promise<void> => {
      // vrrpd first: it resigns, and asks zebra for the carrier.
      await how(vrrpd);
      await how(zebra);
      forget();
    };
    return {
      output: vrrpd.output,
      stop: () => end((daemon) => daemon.stop()),
      crash: () =>
        end(async (daemon) => {
          daemon.signalAll("SIGKILL");
          await daemon.ended;
        }),
    };
  } catch (error) {
    for (const daemon of daemons) await daemon.stop();
    forget();
    throw error;
  }
}

function existsSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}

type Link = { readonly ifname: string; readonly flags: readonly string[] };

/** How many of its two families a host with FRR holds the addresses of: those whose macvlan has a carrier. */
export async function frrHolds(host: Host): Promise<number> {
  const links = JSON.parse(await host.run(["ip", "-json", "link"])) as readonly Link[];
  return links.filter(({ ifname, flags }) => [FOUR, SIX].includes(ifname) && flags.includes("LOWER_UP")).length;
}

/**
 * Exchanges the two forms of checksum of VRRPv3 over IPv4 in whatever comes to a host and leaves it, so that
 * the daemon there is, for everybody else, one that uses the other form, and hears no form but that.
 * `said` are all the advertisements there can be: nft compares and writes, but does not calculate.
 */
export async function exchangeChecksums(host: Host, said: readonly Parameters<typeof advert>[0][]): Promise<void> {
  const word = (bytes: readonly number[]): string => `0x${hex(bytes[6] ?? 0)}${hex(bytes[7] ?? 0)}`;
  const rules = said.flatMap((what) => {
    const forms = [true, false].map((pseudoHeader) => word(advert({ ...what, pseudoHeader })));
    return [forms, forms.toReversed()].map(
      ([from, to]) => `ip saddr ${what.source} ip protocol 112 @th,48,16 ${from} @th,48,16 set ${to} accept`,
    );
  });
  const chains = ["prerouting", "postrouting"].map(
    (hook) => `chain ${hook} {\ntype filter hook ${hook} priority 0;\n${rules.join("\n")}\n}`,
  );
  await host.run(["nft", "-f", "-"], { input: `table ip heird_test {\n${chains.join("\n")}\n}\n` });
}
