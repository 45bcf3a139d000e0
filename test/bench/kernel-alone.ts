// What the kernel asks for an advertisement or an address, whoever wants it: system calls in a loop, and nothing else.

import type { IpAddress } from "../../agent/core/address.ts";
import { usualAddress } from "../../agent/core/usual.ts";
import { ADDRESS_PROTOCOL } from "../../agent/kernel.ts";
import { receive, sendTo } from "../../agent/linux/ffi.ts";
import { within } from "../../agent/linux/namespace.ts";
import { type OpenSocket, openDatagrams, releaseSocket } from "../../agent/linux/raw-socket.ts";
import { type CommandSocket, openCommandSocket } from "../../agent/linux/rtnetlink.ts";
import type { Host } from "../netns/lan.ts";
import type { Sample } from "./figure.ts";
import type { Ground } from "./ground.ts";

/** So many fit into the buffer of a socket. */
const BATCH = 100;
const BATCHES = 100;
const VRRP = 112;
const SOL_IP = 0;
const IP_ADD_MEMBERSHIP = 35;
const EAGAIN = 11;
const GROUP = [224, 0, 0, 18];
/** struct sockaddr_in: AF_INET, no port, the group. */
const NAME = Uint8Array.of(2, 0, 0, 0, ...GROUP, 0, 0, 0, 0, 0, 0, 0, 0);
/** As long as an advertisement of one address: RFC 9568 §5.1, 8 bytes and 4. */
const ADVERT = new Uint8Array(12).fill(0x31);

/** Shares of a core in percent that go into sending, and into reading, so many advertisements a second. */
export function kernelAlone({ rt1, rt2 }: Ground, rate: number): Sample {
  const [from, to] = [openIn(rt1), openIn(rt2)];
  const membership = Buffer.from([...GROUP, 192, 168, 1, 12]);
  to.socket.wrap.setOption(SOL_IP, IP_ADD_MEMBERSHIP, membership, membership.length);
  const buffer = new Uint8Array(128);
  const spent = { sending: 0, reading: 0 };
  const send = (): void => {
    for (let i = 0; i < BATCH; i++) if (sendTo(from.fd, ADVERT, NAME) < 0) throw new Error("the kernel sends nothing");
  };
  const read = (): void => {
    let count = 0;
    while (receive(to.fd, buffer) !== -EAGAIN) count += 1;
    if (count !== BATCH) throw new Error(`${BATCH} sent, ${count} read`);
  };
  for (let i = 0; i < BATCHES; i++) {
    spent.sending += timeOf(send);
    spent.reading += timeOf(read);
  }
  for (const { socket } of [from, to]) releaseSocket(socket);
  const share = (microseconds: number): number => ((microseconds / (BATCH * BATCHES)) * rate) / 10_000;
  return { cpuMaster: share(spent.sending), cpuBackup: share(spent.reading) };
}

/** Netlink requests in one message. */
const BURST = 50;
const NOBODY = 0;

/** How many ms the kernel takes to add addresses to a host, asked in bursts, while nobody is told of it. */
export function additionsAlone(host: Host, addresses: readonly IpAddress[]): number {
  let commands: CommandSocket | null = null;
  const entered = within(host.namespace, () => {
    commands = openCommandSocket();
  });
  const asked = commands as CommandSocket | null;
  if (!entered.ok || asked === null) throw new Error(`no netlink socket in ${host.namespace}`);
  const index = asked.dump().byName.get("eth0")?.index ?? NOBODY;
  const wanted = addresses.map((address) => ({
    own: { ...usualAddress, address, prefixLength: 32, interface: "eth0" },
    index,
  }));
  const began = performance.now();
  for (let from = 0; from < wanted.length; from += BURST) {
    const outcomes = asked.addAddresses(wanted.slice(from, from + BURST), ADDRESS_PROTOCOL);
    if (!outcomes.every(({ ok }) => ok)) throw new Error("the kernel does not add them");
  }
  const took = performance.now() - began;
  asked.close();
  return took;
}

/** Processor time in µs. */
function timeOf(act: () => void): number {
  const before = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function openIn(host: Host): OpenSocket {
  let opened: ReturnType<typeof openDatagrams> | null = null;
  const entered = within(host.namespace, () => {
    opened = openDatagrams("eth0", "ipv4", VRRP);
  });
  const found = opened as ReturnType<typeof openDatagrams> | null;
  if (!entered.ok || found === null || !found.ok) throw new Error(`no socket in ${host.namespace}`);
  return found;
}
