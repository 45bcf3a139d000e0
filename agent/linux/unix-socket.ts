// What Node does not do with Unix sockets: ask who is at the other end, and send a datagram.

import type { Outcome } from "../kernel.ts";
import { DONE, ENAMETOOLONG, type Failure, failure, outcomeOf } from "./errno.ts";
import { close, getOption, SOCK_CLOEXEC, SOCK_NONBLOCK, sendTo, socket } from "./ffi.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** Who connected, as the kernel saw it at that moment. */
export type PeerCredentials = { readonly pid: number; readonly uid: number; readonly gid: number };

/** Who is at the other end of a connected Unix socket. */
export function peerCredentials(fd: number): { readonly ok: true; readonly peer: PeerCredentials } | Failure {
  const credentials = new Uint8Array(new ArrayBuffer(128), 0, 12);
  const length = getOption(fd, SOL_SOCKET, SO_PEERCRED, credentials);
  if (length < 0) return failure(-length, "asking who connected");
  const view = new DataView(credentials.buffer);
  return {
    ok: true,
    peer: { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) },
  };
}

/** Whether there is a service manager that wants to be told something. */
export const isManaged = (): boolean => (process.env["NOTIFY_SOCKET"] ?? "") !== "";

/**
 * Tells the service manager something, such as "READY=1" or "WATCHDOG=1". `path` is $NOTIFY_SOCKET, a file
 * or an abstract name that begins with @; without one there is no manager to tell, and nothing is wrong.
 */
export function notifyManager(message: string, path = process.env["NOTIFY_SOCKET"] ?? ""): Outcome {
  if (path === "") return DONE;
  // sockaddr_un: family and up to 108 bytes; an abstract name begins with a zero and ends with its length.
  const text = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  if (text.length > 108) return failure(ENAMETOOLONG, `telling ${path}`);
  const name = Buffer.concat([Uint8Array.of(AF_UNIX, 0), text]);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failure(-fd, `telling ${path}`);
  const outcome = outcomeOf(sendTo(fd, Buffer.from(message), name), `telling ${path}`);
  close(fd);
  return outcome;
}
