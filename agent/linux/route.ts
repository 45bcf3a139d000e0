// Asks the routing table what a packet to somewhere would come from.

import { addressFromBytes, bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import { close, connect, ownName, SOCK_CLOEXEC, SOCK_NONBLOCK, socket } from "./ffi.ts";

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
/** Any will do: nothing is sent. */
const PORT = 9;

/** Connecting a datagram socket chooses a route and a source address, and sends nothing. */
export function sourceTo(destination: IpAddress): IpAddress | null {
  const ipv4 = familyOf(destination) === "ipv4";
  // struct sockaddr_in (16 bytes, address at 4) and sockaddr_in6 (28 bytes, address at 8).
  const name = new Uint8Array(ipv4 ? 16 : 28);
  name[0] = ipv4 ? AF_INET : AF_INET6;
  name[3] = PORT;
  name.set(bytesOf(destination), ipv4 ? 4 : 8);
  const fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  try {
    if (connect(fd, name) < 0 || ownName(fd, name) < 0) return null;
    return ipv4 ? addressFromBytes(name, 4, 4) : addressFromBytes(name, 8, 16);
  } finally {
    close(fd);
  }
}
