// AF_PACKET: whole Ethernet frames, which raw-socket cannot send. For gratuitous ARP.

import type { Outcome } from "../kernel.ts";
import { type Failure, failure, outcomeOf } from "./errno.ts";
import { closeAside, SOCK_CLOEXEC, SOCK_NONBLOCK, sendTo, socket } from "./ffi.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;

/** Sends frames out of any interface. */
export type FrameSender = {
  readonly send: (index: number, iface: string, frame: Uint8Array) => Outcome;
  readonly close: () => void;
};

/** Opens a frame sender. Protocol 0: it receives nothing. */
export function openFrameSender(): { readonly ok: true; readonly frames: FrameSender } | Failure {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failure(-fd, "opening a packet socket needs CAP_NET_RAW");
  // sockaddr_ll: family, protocol (network order), interface, ARPHRD_ETHER, packet type, address length, address.
  const name = new Uint8Array(new ArrayBuffer(128), 0, 20);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(8, 1, true);
  name[11] = 6;
  const send = (index: number, iface: string, frame: Uint8Array): Outcome => {
    name.set(frame.subarray(12, 14), 2);
    view.setInt32(4, index, true);
    name.set(frame.subarray(0, 6), 12);
    return outcomeOf(sendTo(fd, frame, name), `sending a frame from ${iface}`);
  };
  return { ok: true, frames: { send, close: () => closeAside(fd) } };
}
