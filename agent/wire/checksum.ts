// The Internet checksum, RFC 1071: the ones-complement sum of 16-bit words in network order.
//
// A sum is carried as a plain number and folded only at the end. Nothing here allocates. One IP
// packet is at most 32 768 words, so the sum stays below 2^31 and never loses a bit.

/** Adds the bytes from `start` up to but not including `end` to a running sum; an odd last byte counts as if a zero followed. */
export function addRange(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let total = sum;
  let i = start;
  for (; i + 1 < end; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return i < end ? total + ((bytes[i] ?? 0) << 8) : total;
}

/** The sum in 16 bits, each carry added back in; 0xffff when the range included its own, right checksum. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return folded;
}

/** What to write into the checksum field: the complement of the sum taken while the field was zero. */
export const checksumOf = (sum: number): number => ~fold(sum) & 0xffff;

/**
 * The sum of the pseudo-header in front of a payload of `length` bytes, for either family.
 *
 * IPv4 (RFC 793 §3.1) has source, destination, a zero byte, the protocol and a 16-bit length; IPv6
 * (RFC 8200 §8.1) has source, destination, a 32-bit length, three zero bytes and the next header.
 * The order of words does not change a sum, and no payload here reaches 65 536 bytes: the same
 * four numbers are added in both.
 */
export function pseudoHeaderSum(source: Uint8Array, destination: Uint8Array, protocol: number, length: number): number {
  const addresses = addRange(addRange(0, source, 0, source.length), destination, 0, destination.length);
  return addresses + protocol + length;
}

/**
 * The checksum after one 16-bit word it covers changed from `before` to `after`: RFC 1624 §3,
 * equation 3. (Equation 2, RFC 1141's, can give 0xffff where a fresh sum gives 0x0000.)
 */
export const adjustChecksum = (checksum: number, before: number, after: number): number =>
  checksumOf((~checksum & 0xffff) + (~before & 0xffff) + after);

/** Writes a 16-bit word in network order. */
export function putWord(bytes: Uint8Array, offset: number, word: number): void {
  bytes[offset] = word >>> 8;
  bytes[offset + 1] = word & 0xff;
}

/** Reads a 16-bit word in network order; what lies past the end reads as zero. */
export const wordAt = (bytes: Uint8Array, offset: number): number =>
  ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
