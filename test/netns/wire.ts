// Questions that tests ask of a capture.

import { isGratuitousArp, type Packet } from "./packet.ts";

/** tcpdump's words for everything VRRP sends: adverts, ARP and neighbour advertisements. */
export const VRRP_TRAFFIC = "ip proto 112 or ip proto 51 or ip6 proto 112 or arp or icmp6";

/** Adverts from this address; of this VRID, when one is told. */
export const advertFrom =
  (source: string, vrid?: number) =>
  ({ vrrp, ip }: Packet): boolean =>
    vrrp !== null && ip?.source === source && (vrid === undefined || vrrp.vrid === vrid);

/** Adverts that claim the addresses: any priority but 0. */
export const claimFrom =
  (source: string, vrid?: number) =>
  (packet: Packet): boolean =>
    advertFrom(source, vrid)(packet) && packet.vrrp?.priority !== 0;

/** Adverts that resign: priority 0. */
export const resignationFrom =
  (source: string, vrid?: number) =>
  (packet: Packet): boolean =>
    advertFrom(source, vrid)(packet) && packet.vrrp?.priority === 0;

/** Announcements of one address from one station: gratuitous ARP, or an unsolicited neighbour advertisement. */
export const announcementOf =
  (address: string, mac: string) =>
  (packet: Packet): boolean => {
    if (packet.source !== mac) return false;
    if (packet.na !== null) return packet.na.target === address && !packet.na.solicited;
    return isGratuitousArp(packet) && packet.arp?.senderIp === address;
  };

/** The time of the last of the packets that `wanted` accepts before `at`; throws when there is none. */
export function lastBefore(packets: readonly Packet[], at: number, wanted: (packet: Packet) => boolean): number {
  const last = packets.findLast((packet) => packet.at < at && wanted(packet));
  if (last === undefined) throw new Error("no such packet before that time");
  return last.at;
}

/** The largest gap in µs between consecutive packets. */
export const largestGap = (packets: readonly Packet[]): number =>
  packets.reduce((largest, { at }, i) => Math.max(largest, at - (packets[i - 1]?.at ?? at)), 0);

/** Microseconds since 1970, on the clock of the captures but only to the millisecond. */
export const wallClock = (): number => Date.now() * 1_000;
