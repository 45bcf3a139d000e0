// AF_PACKET: whole Ethernet frames, which raw-socket cannot send. For gratuitous ARP.

import type { Outcome } from "../kernel.ts";
import { DONE, type Failure, failure, outcomeOf } from "./errno.ts";
import { closeAside, SOCK_CLOEXEC, SOCK_NONBLOCK, sendBatch, sendTo, socket } from "./ffi.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
/** Frames that leave by one call, and how long they may be: gratuitous ARP has 42 bytes. */
const AT_ONCE = 64;
const LONGEST = 64;

/** Sends frames out of any interface. */
export type FrameSender = {
  readonly send: (index: number, iface: string, frame: Uint8Array) => Outcome;
  /** Frames to the same station, equally long, one behind the other. */
  readonly sendAll: (index: number, iface: string, frames: Uint8Array, length: number) => Outcome[];
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
  const direct = (index: number, frame: Uint8Array): void => {
    name.set(frame.subarray(12, 14), 2);
    view.setInt32(4, index, true);
    name.set(frame.subarray(0, 6), 12);
  };
  const send = (index: number, iface: string, frame: Uint8Array): Outcome => {
    direct(index, frame);
    return outcomeOf(sendTo(fd, frame, name), `sending a frame from ${iface}`);
  };
  const batch = sendBatch(AT_ONCE, LONGEST, name.length);
  const sendAll = (index: number, iface: string, frames: Uint8Array, length: number): Outcome[] => {
    const outcomes: Outcome[] = [];
    direct(index, frames);
    batch.name.set(name);
    for (const count = frames.length / length; outcomes.length < count; ) {
      const sent = batch.send(fd, frames, length, outcomes.length);
      // One that failed keeps nothing from those behind it.
      if (sent <= 0) outcomes.push(failure(-sent, `sending a frame from ${iface}`));
      else for (let i = 0; i < sent; i++) outcomes.push(DONE);
    }
    return outcomes;
  };
  return { ok: true, frames: { send, sendAll, close: () => closeAside(fd) } };
}
