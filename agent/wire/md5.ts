// MD5 (RFC 1321) and HMAC-MD5 (RFC 2104), for the Authentication Header of VRRPv2 and nothing else.
//
// Written out because this folder imports nothing of Node, and because OpenSSL refuses MD5 on
// machines in FIPS mode, where a neighbour's header would still have to be answered.

const BLOCK = 64;
export const DIGEST_LENGTH = 16;

/** RFC 1321 §3.4: how far each step rotates, four numbers a round. */
const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** RFC 1321 §3.4: the integer part of 2^32 times abs(sin(i + 1)). */
const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));
/** RFC 1321 §3.3. */
const INITIAL = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

const state = new Uint32Array(4);
const words = new Uint32Array(16);

/** The 16 bytes of the MD5 digest. */
export function md5(message: Uint8Array): Uint8Array {
  // RFC 1321 §3.1, §3.2: a one bit, zeros, and the length in bits, to a multiple of 64 bytes.
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, message.length * 8, true);
  view.setUint32(padded.length - 4, Math.floor(message.length / 2 ** 29), true);
  state.set(INITIAL);
  for (let at = 0; at < padded.length; at += BLOCK) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(at + i * 4, true);
    digestBlock();
  }
  const digest = new Uint8Array(DIGEST_LENGTH);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < 4; i++) out.setUint32(i * 4, state[i] ?? 0, true);
  return digest;
}

/** Which word a step takes, by round. RFC 1321 §3.4. */
const wordOf = (round: number, i: number): number => [i, (5 * i + 1) & 15, (3 * i + 5) & 15, (7 * i) & 15][round] ?? 0;

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (d & b) | (~d & c);
  return round === 2 ? b ^ c ^ d : c ^ (b | ~d);
}

function digestBlock(): void {
  let [a = 0, b = 0, c = 0, d = 0] = state;
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const sum = (a + mix(round, b, c, d) + (SINES[i] ?? 0) + (words[wordOf(round, i)] ?? 0)) | 0;
    const shift = SHIFTS[round * 4 + (i & 3)] ?? 0;
    const next = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    [a, d, c, b] = [d, c, b, next];
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
}

/** RFC 2104 §2: keys longer than a block are digested first; VRRP's have eight bytes. */
export function hmacMd5(key: Uint8Array, message: Uint8Array): Uint8Array {
  const inner = new Uint8Array(BLOCK + message.length).fill(0x36, 0, BLOCK);
  const outer = new Uint8Array(BLOCK + DIGEST_LENGTH).fill(0x5c, 0, BLOCK);
  for (const [i, byte] of (key.length > BLOCK ? md5(key) : key).entries()) {
    inner[i] = 0x36 ^ byte;
    outer[i] = 0x5c ^ byte;
  }
  inner.set(message, BLOCK);
  outer.set(md5(inner), BLOCK);
  return md5(outer);
}
