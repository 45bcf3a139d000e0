// Names of routing tables and protocols, as ip(8) knows them: some by itself, others from a file.

import type { FileReader } from "./include.ts";

export type PathNames = {
  readonly tables: ReadonlyMap<string, number>;
  readonly protocols: ReadonlyMap<string, number>;
};

const TABLES: readonly (readonly [string, number])[] = [
  ["default", 253],
  ["main", 254],
  ["local", 255],
];
/** RTPROT_* of rtnetlink.h. */
const PROTOCOLS: readonly (readonly [string, number])[] = [
  ["redirect", 1],
  ["kernel", 2],
  ["boot", 3],
  ["static", 4],
  ["gated", 8],
  ["ra", 9],
  ["mrt", 10],
  ["zebra", 11],
  ["bird", 12],
  ["dnrouted", 13],
  ["xorp", 14],
  ["ntk", 15],
  ["dhcp", 16],
  ["mrouted", 17],
  ["keepalived", 18],
  ["babel", 42],
  ["bgp", 186],
  ["isis", 187],
  ["ospf", 188],
  ["rip", 189],
  ["eigrp", 192],
];

/** Where distributions keep them; a later folder counts less. */
const FOLDERS = ["/etc/iproute2", "/usr/share/iproute2", "/usr/lib/iproute2"];

/** What is known without a file. */
export const BUILT_IN: PathNames = { tables: new Map(TABLES), protocols: new Map(PROTOCOLS) };

/** Names of this machine. */
export const pathNames = (reader: FileReader): PathNames => ({
  tables: new Map([...linesOf(reader, "rt_tables"), ...TABLES]),
  protocols: new Map([...linesOf(reader, "rt_protos"), ...PROTOCOLS]),
});

function linesOf(reader: FileReader, name: string): readonly (readonly [string, number])[] {
  for (const folder of FOLDERS) {
    const file = reader.read(`${folder}/${name}`);
    if (file.ok) return file.text.split("\n").flatMap(lineOf);
  }
  return [];
}

/** `NUMBER NAME`, the number in decimal or hexadecimal; `#` begins a comment. */
function lineOf(line: string): readonly (readonly [string, number])[] {
  const [, number, name] = /^\s*(0x[0-9a-fA-F]+|\d+)\s+(\S+)/.exec(line.replace(/#.*/, "")) ?? [];
  return number === undefined || name === undefined ? [] : [[name, Number(number)]];
}

/** A number itself, or the number of a name; undefined when there is none. */
export function numberOfName(text: string, names: ReadonlyMap<string, number>): number | undefined {
  if (/^\d{1,10}$/.test(text)) return Number(text) <= 0xffff_ffff ? Number(text) : undefined;
  return names.get(text);
}
