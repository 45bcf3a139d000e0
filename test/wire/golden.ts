// Packets somebody else sent, in `*.hex` beside this file: comment lines saying where each is from,
// then the bytes.

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("./", import.meta.url);

/** A fresh copy of every golden packet by its name. Throws when there is none, and when one does not say where it is from. */
export function goldenPackets(): ReadonlyMap<string, Uint8Array> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".hex"));
  if (names.length === 0) throw new Error(`no golden packets in ${FOLDER.pathname}`);
  return new Map(names.map((name) => [name.slice(0, -".hex".length), packetIn(name)]));
}

function packetIn(name: string): Uint8Array {
  const lines = readFileSync(new URL(name, FOLDER), "utf8").split("\n");
  if (!/^# (From|Computed from) /.test(lines[0] ?? "")) throw new Error(`${name} does not say where it is from`);
  const digits = lines.filter((line) => !line.startsWith("#")).join("");
  if (!/^([0-9a-f]{2})+$/.test(digits)) throw new Error(`${name} is not hexadecimal`);
  return fromHex(digits);
}

/** One golden packet by its name; throws when there is none of that name. */
export function goldenPacket(name: string): Uint8Array {
  const packet = goldenPackets().get(name);
  if (packet === undefined) throw new Error(`no golden packet ${name}`);
  return packet;
}

export const fromHex = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
