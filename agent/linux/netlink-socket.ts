// How every netlink socket of ours is made: it waits for nothing, and children do not inherit it.

import { bind, close, SOCK_CLOEXEC, SOCK_NONBLOCK, socket } from "./ffi.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;

/** Of that protocol, hearing these groups; the kernel chooses its port. The descriptor, or the negative errno. */
export function openNetlink(protocol: number, groups: number): number {
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd < 0) return fd;
  // sockaddr_nl: family, padding, port, groups.
  const name = new Uint8Array(new ArrayBuffer(128), 0, 12);
  new DataView(name.buffer).setUint16(0, AF_NETLINK, true);
  new DataView(name.buffer).setUint32(8, groups, true);
  const bound = bind(fd, name);
  if (bound >= 0) return fd;
  close(fd);
  return bound;
}
