// Hears who says to have one of a list of addresses, in ARP and in neighbour advertisements, on every
// interface. The kernel itself passes over everything else (a classic BPF program), so that listening
// costs nothing while there is nothing to hear; and nothing is read for a moment after a burst, so
// that a flood costs little.

import { bytesOf, familyOf, type IpAddress } from "../core/address.ts";
import type { ClaimFrame, Outcome } from "../kernel.ts";
import { DONE, failure, outcomeOf } from "./errno.ts";
import {
  attachFilter,
  bind,
  close,
  closeAside,
  messageBuffer,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  socket,
  whenReadable,
} from "./ffi.ts";

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETHERTYPES = { ipv4: 0x0806, ipv6: 0x86dd } as const;

/** Frames read in one go, and how long the rest must wait then (ms): at most some six hundred a second. */
const MOST = 64;
const REST = 100;

export type ClaimSockets = {
  readonly hear: (addresses: readonly IpAddress[], listener: (claim: ClaimFrame) => void) => Outcome;
  readonly close: () => void;
};

type Place = keyof typeof ETHERTYPES;
type Words = readonly number[] | "all";
type Ear = { readonly filter: (words: Words) => Outcome; readonly close: () => void };

const message = messageBuffer(256);

/** `before` is called before anything is read. */
export function claimSockets(nameOf: ReadonlyMap<number, string>, before: () => void): ClaimSockets {
  let tell = (_: ClaimFrame): void => {};
  const heard = (index: number, frame: Uint8Array): void => {
    const iface = nameOf.get(index);
    if (iface !== undefined) tell({ interface: iface, frame });
  };
  const ears = new Map<Place, Ear>();
  const listen = (family: Place, addresses: readonly IpAddress[]): Outcome => {
    const own = addresses.filter((address) => familyOf(address) === family);
    // Of more than a program can tell apart none is asked about.
    const words = own.length > MOST_WORDS ? "all" : own.map(lastWord);
    const known = ears.get(family);
    if (known !== undefined) return known.filter(words);
    if (words.length === 0) return DONE;
    const opened = openEar(family, heard, before);
    if (!("filter" in opened)) return opened;
    ears.set(family, opened);
    return opened.filter(words);
  };
  return {
    hear(addresses, listener) {
      tell = listener;
      const outcomes = [listen("ipv4", addresses), listen("ipv6", addresses)];
      return outcomes.find(({ ok }) => !ok) ?? DONE;
    },
    close() {
      tell = () => {};
      for (const ear of ears.values()) ear.close();
      ears.clear();
    },
  };
}

/** The whole of an IPv4 address, the end of an IPv6 one; whoever listens compares the rest. */
function lastWord(address: IpAddress): number {
  const bytes = bytesOf(address);
  const [a = 0, b = 0, c = 0, d = 0] = bytes.length === 4 ? bytes : bytes.subarray(bytes.length - 4);
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function openEar(family: Place, heard: (index: number, frame: Uint8Array) => void, before: () => void): Ear | Outcome {
  const fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return failure(-fd, "opening a packet socket needs CAP_NET_RAW");
  // Deaf until it is told what to hear, and bound only then: protocol 0 receives nothing.
  const deaf = outcomeOf(attachFilter(fd, program(family, [])), "filtering ARP");
  const bound = deaf.ok ? outcomeOf(bind(fd, everywhere(ETHERTYPES[family])), "listening for ARP") : deaf;
  if (!bound.ok) {
    close(fd);
    return bound;
  }
  let stop = (): void => {};
  let resting: NodeJS.Timeout | null = null;
  const watch = (): void => {
    resting = null;
    stop = whenReadable(fd, read);
  };
  const read = (): void => {
    before();
    for (let count = 0; count < MOST; count++) {
      const length = message.receive(fd);
      if (length < 0) return;
      heard(
        new DataView(message.name.buffer, message.name.byteOffset).getInt32(4, true),
        message.bytes.subarray(0, length),
      );
    }
    stop();
    stop = () => {};
    resting = setTimeout(watch, REST);
  };
  watch();
  return {
    filter: (words) => outcomeOf(attachFilter(fd, program(family, words)), "filtering ARP"),
    close: () => {
      if (resting !== null) clearTimeout(resting);
      stop();
      closeAside(fd);
    },
  };
}

/** sockaddr_ll: family, protocol (network order), interface 0, which is every one. */
function everywhere(ethertype: number): Uint8Array {
  const name = new Uint8Array(new ArrayBuffer(128), 0, 20);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_PACKET, true);
  view.setUint16(2, ethertype);
  return name;
}

// Classic BPF, linux/filter.h: code, jump if true, jump if false, operand.
const LOAD_WORD = 0x20;
const LOAD_BYTE = 0x30;
const JUMP = 0x05;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
/** How much of a frame is kept. */
const KEPT = 128;
/** Jumps are short: every so many comparisons have a way out of their own. */
const PER_BLOCK = 200;
/** BPF_MAXINSNS is 4096; a list too long for that lets every claim pass, and whoever listens compares. */
const MOST_WORDS = 4_000;

type Instruction = readonly [code: number, yes: number, no: number, operand: number];

/** Where the address stands: the sender of an ARP packet; the last word of the target of a neighbour advertisement. */
const PROLOGUES: Readonly<Record<Place, readonly Instruction[]>> = {
  ipv4: [[LOAD_WORD, 0, 0, 28]],
  ipv6: [
    [LOAD_BYTE, 0, 0, 20],
    [JUMP_IF_EQUAL, 1, 0, 58],
    [RETURN, 0, 0, 0],
    [LOAD_BYTE, 0, 0, 54],
    [JUMP_IF_EQUAL, 1, 0, 136],
    [RETURN, 0, 0, 0],
    [LOAD_WORD, 0, 0, 74],
  ],
};

/**
 * The program that lets only frames pass which claim an address with one of these last words. Written down
 * instruction by instruction: it is needed in the moment in which a thousand addresses are taken up.
 */
function program(family: Place, words: Words): Uint8Array {
  const prologue = PROLOGUES[family];
  const blocks = words === "all" ? 0 : Math.ceil(words.length / PER_BLOCK);
  const length = prologue.length + (words === "all" ? 1 : words.length + 2 * blocks) + 1;
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(128, length * 8)), 0, length * 8);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const put = (code: number, yes: number, no: number, operand: number): void => {
    view.setUint32(at, code | (yes << 16) | (no << 24), true);
    view.setUint32(at + 4, operand, true);
    at += 8;
  };
  for (const [code, yes, no, operand] of prologue) put(code, yes, no, operand);
  if (words === "all") put(RETURN, 0, 0, KEPT);
  else
    for (let first = 0; first < words.length; first += PER_BLOCK) {
      const end = Math.min(first + PER_BLOCK, words.length);
      for (let i = first; i < end; i++) put(JUMP_IF_EQUAL, end - i, 0, words[i] ?? 0);
      put(JUMP, 0, 0, 1);
      put(RETURN, 0, 0, KEPT);
    }
  put(RETURN, 0, 0, 0);
  return bytes;
}
