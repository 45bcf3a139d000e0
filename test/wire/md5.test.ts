// The vectors of RFC 1321 §A.5 and of RFC 2104's appendix.

import { expect, it } from "vitest";
import { hmacMd5, md5 } from "../../agent/wire/md5.ts";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const hex = (data: Uint8Array): string => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "1234567890";

it.each([
  ["", "d41d8cd98f00b204e9800998ecf8427e"],
  ["a", "0cc175b9c0f1b6a831c399e269772661"],
  ["abc", "900150983cd24fb0d6963f7d28e17f72"],
  ["message digest", "f96b697d7cb7938d525a2f31aaf161d0"],
  [LETTERS, "c3fcd3d76192e4007dfb496cca67e13b"],
  [`${LETTERS.toUpperCase()}${LETTERS}0123456789`, "d174ab98d277d9f5a5611c2c9f419d9f"],
  // 80 bytes: two blocks.
  [DIGITS.repeat(8), "57edf4a22be3c955ac49da2e2107b67a"],
])("MD5 of %j", (text, digest) => expect(hex(md5(bytes(text)))).toBe(digest));

it.each([
  [new Uint8Array(16).fill(0x0b), bytes("Hi There"), "9294727a3638bb1c13f48ef8158bfc9d"],
  [bytes("Jefe"), bytes("what do ya want for nothing?"), "750c783e6ab0b503eaa86e310a5db738"],
  [new Uint8Array(16).fill(0xaa), new Uint8Array(50).fill(0xdd), "56be34521d144c88dbb8c733f0e8b3f6"],
])("HMAC-MD5, vector %#", (key, message, digest) => expect(hex(hmacMd5(key, message))).toBe(digest));

it("digests a key that is longer than a block", () => {
  // RFC 2104 §2: HMAC(K) is HMAC(H(K)) then.
  const long = new Uint8Array(80).fill(0xaa);
  expect(hex(hmacMd5(long, bytes("x")))).toBe(hex(hmacMd5(md5(long), bytes("x"))));
});
