// IPv4 and IPv6 addresses: parse, print, compare as the tie-break does.
//
// An address is its canonical text (RFC 5952 for IPv6), so that it can be compared with ===,
// stand in a log line and be found with grep; bytes exist only on the wire.

declare const ipAddress: unique symbol;

/** Canonical text of an IPv4 or IPv6 address. Only `parseAddress` and `addressFromBytes` make one. */
export type IpAddress = string & { readonly [ipAddress]: true };

export type Family = "ipv4" | "ipv6";

/** The family of an address, by its text: only IPv6 has a colon. */
export const familyOf = (address: IpAddress): Family => (address.includes(":") ? "ipv6" : "ipv4");

/** Reads an address; undefined when the text is none. Leading zeros in IPv4 are refused: some tools read them as octal. */
export function parseAddress(text: string): IpAddress | undefined {
  // Without leading zeros, what stands there is the canonical text.
  if (!text.includes(":")) return IPV4.test(text) ? (text as IpAddress) : undefined;
  const bytes = parseIpv6(text);
  return bytes && addressFromBytes(bytes);
}

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

const [ZERO, DOT] = [0x30, 0x2e];

/** Read by hand: whoever takes over a thousand addresses reads each of them several times. */
function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (character === DOT) {
      if (digits === 0 || part === 3) return undefined;
      bytes[part++] = value;
      digits = 0;
      value = 0;
      continue;
    }
    const digit = character - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return undefined;
    value = value * 10 + digit;
    if (value > 255) return undefined;
    digits += 1;
  }
  if (digits === 0 || part !== 3) return undefined;
  bytes[3] = value;
  return bytes;
}

/** RFC 4291 §2.2: eight groups, at most one `::`, the last 32 bits possibly in IPv4 form. */
function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groups(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const words = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, word] of words.entries()) {
    bytes[2 * i] = word >> 8;
    bytes[2 * i + 1] = word & 0xff;
  }
  return bytes;
}

function groups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const words: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".")) {
      const quad = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
      if (quad === undefined) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = quad;
      words.push((a << 8) | b, (c << 8) | d);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words;
}

/** The canonical text of 4 or 16 bytes in network order, taken from `offset`. */
export function addressFromBytes(bytes: Uint8Array, offset = 0, length = bytes.length - offset): IpAddress {
  if (length === 4)
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}` as IpAddress;
  if (length !== 16) throw new RangeError(`an address has 4 or 16 bytes, not ${length}`);
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push(((bytes[offset + i] ?? 0) << 8) | (bytes[offset + i + 1] ?? 0));
  return compress(words) as IpAddress;
}

/** RFC 5952 §4.2: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function compress(words: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && words[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = (part: readonly number[]) => part.map((word) => word.toString(16)).join(":");
  if (best.start < 0) return hex(words);
  return `${hex(words.slice(0, best.start))}::${hex(words.slice(best.start + best.length))}`;
}

/** The 4 or 16 bytes of an address, in network order. */
export function bytesOf(address: IpAddress): Uint8Array {
  const bytes = address.includes(":") ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined) throw new TypeError(`not an address: ${address}`);
  return bytes;
}

/**
 * Orders two addresses as unsigned integers in network byte order, which is what RFC 5798 §6.4.3
 * compares when priorities are equal: negative when `a` is the smaller. IPv4 sorts before IPv6.
 */
export function compareAddresses(a: IpAddress, b: IpAddress): number {
  if (a === b) return 0;
  const x = bytesOf(a);
  const y = bytesOf(b);
  if (x.length !== y.length) return x.length - y.length;
  for (const [i, byte] of x.entries()) {
    const other = y[i] ?? 0;
    if (byte !== other) return byte - other;
  }
  return 0;
}

/** fe80::/10, RFC 4291 §2.5.6: valid on one link only. */
export const isLinkLocal = (address: IpAddress): boolean => /^fe[89ab][0-9a-f]:/.test(address);

/** 224.0.0.0/4 and ff00::/8. */
export const isMulticast = (address: IpAddress): boolean =>
  /^(22[4-9]|23\d)\./.test(address) || /^ff[0-9a-f]{2}:/.test(address);
