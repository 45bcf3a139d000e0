// Multicast groups that are joined without anybody listening: so that the switches send them here,
// and the interface takes them in.

import { bytesOf } from "../core/address.ts";
import type { InterfaceState, Machinery, Outcome } from "../kernel.ts";
import { DONE, failure, outcomeOf } from "./errno.ts";
import { close, SOCK_CLOEXEC, SOCK_NONBLOCK, setOption, socket } from "./ffi.ts";

const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOL_IPV6 = 41;
const IPV6_JOIN_GROUP = 20;
/** What the kernel lends one socket for its memberships is not endless. */
const PER_SOCKET = 100;

type Groups = Parameters<Machinery["keepGroups"]>[0];

/** Memberships, held by sockets that nothing is read from. */
export function createGroups(interfaces: ReadonlyMap<string, InterfaceState>) {
  let sockets: number[] = [];
  const leave = (old: readonly number[]): void => {
    for (const fd of old) close(fd);
  };
  const join = (fd: number, { interface: iface, group }: Groups[number]): Outcome => {
    const index = interfaces.get(iface)?.index;
    if (index === undefined) return DONE; // it is joined when it is there
    const request = new Uint8Array(new ArrayBuffer(128), 0, 20);
    request.set(bytesOf(group));
    new DataView(request.buffer).setUint32(16, index, true);
    return outcomeOf(setOption(fd, SOL_IPV6, IPV6_JOIN_GROUP, request), `joining ${group} on ${iface}`);
  };
  return {
    /** The new ones are joined before the old ones are left, so that none is left that stays. */
    keep: (groups: Groups): Outcome => {
      const before = sockets;
      sockets = [];
      let worst: Outcome = DONE;
      for (let i = 0; i < groups.length; i += PER_SOCKET) {
        const fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0) worst = failure(-fd, "opening a socket for multicast groups");
        else sockets.push(fd);
        for (const one of fd < 0 ? [] : groups.slice(i, i + PER_SOCKET)) {
          const outcome = join(fd, one);
          if (!outcome.ok) worst = outcome;
        }
      }
      leave(before);
      return worst;
    },
    close: (): void => leave(sockets.splice(0)),
  };
}
