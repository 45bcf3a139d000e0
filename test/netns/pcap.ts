// The savefile format of libpcap, as tcpdump writes it to a pipe: a header of 24 octets, then for
// each packet a header of 16 octets and what was captured.

export type Captured = {
  /** Microseconds since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
};

const HEADER = 24;
const RECORD = 16;
const ETHERNET = 1;
/** No frame of a test is longer; a greater length means that the reader has lost its place. */
const LONGEST = 262_144;

type Dialect = { readonly littleEndian: boolean; readonly perMicrosecond: number };

/** The four magic numbers: either byte order, microseconds or nanoseconds. */
function dialectOf(view: DataView): Dialect {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === 0xa1b2c3d4) return { littleEndian, perMicrosecond: 1 };
    if (magic === 0xa1b23c4d) return { littleEndian, perMicrosecond: 1_000 };
  }
  throw new Error(`not a pcap stream: it begins with 0x${view.getUint32(0).toString(16).padStart(8, "0")}`);
}

function readHeader(view: DataView): Dialect {
  const dialect = dialectOf(view);
  const linkType = view.getUint32(20, dialect.littleEndian) & 0x0fff_ffff;
  if (linkType !== ETHERNET) throw new Error(`link type ${linkType} is not Ethernet`);
  return dialect;
}

/**
 * Gives a reader that is fed the stream in any pieces and hands on each packet once it is whole.
 * It throws on anything that is not Ethernet in a pcap stream.
 */
export function pcapReader(found: (packet: Captured) => void): (chunk: Uint8Array) => void {
  let rest: Uint8Array = new Uint8Array(0);
  let dialect: Dialect | undefined;
  return (chunk) => {
    const bytes = joined(rest, chunk);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    if (dialect === undefined) {
      if (bytes.length < HEADER) {
        rest = bytes;
        return;
      }
      dialect = readHeader(view);
      at = HEADER;
    }
    rest = bytes.subarray(readRecords(bytes, view, at, dialect, found));
  };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/** Hands on every whole record from `start`; gives where the first unfinished one begins. */
function readRecords(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  { littleEndian, perMicrosecond }: Dialect,
  found: (packet: Captured) => void,
): number {
  let at = start;
  while (at + RECORD <= bytes.length) {
    const length = view.getUint32(at + 8, littleEndian);
    if (length > LONGEST) throw new Error(`a packet of ${length} octets: the pcap stream is damaged`);
    if (at + RECORD + length > bytes.length) break;
    const seconds = view.getUint32(at, littleEndian);
    const fraction = Math.floor(view.getUint32(at + 4, littleEndian) / perMicrosecond);
    found({ at: seconds * 1_000_000 + fraction, bytes: bytes.slice(at + RECORD, at + RECORD + length) });
    at += RECORD + length;
  }
  return at;
}
