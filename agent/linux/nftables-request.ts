// heird's own table of packet filter rules, from values to a batch of nfnetlink messages that the
// kernel takes whole or not at all. Pure. Names are those of linux/netfilter/nf_tables.h.
//
//   table inet heird {
//     set closed4 { ipv4_addr }  set closed6 { ipv6_addr }  set closed_on { ifname . ipv6_addr }
//     set discovery { icmpv6_type }  set reports { icmpv6_type }  set quiet { ifname }
//     chain in { hook input
//       icmpv6 type @discovery accept
//       ip daddr @closed4 drop;  ip6 daddr @closed6 drop;  iifname . ip6 daddr @closed_on drop }
//     chain out { hook output
//       oifname @quiet ip protocol igmp drop;  oifname @quiet icmpv6 type @reports drop
//       icmpv6 type @discovery accept
//       ip saddr @closed4 drop;  ip6 saddr @closed6 drop;  oifname . ip6 saddr @closed_on drop }
//   }
//
// RFC 9568 §6.4.3: without Accept_Mode a Master drops what comes to the addresses, but never
// neighbour solicitations and advertisements. The same holds for a Backup (§6.4.2) which has no such
// address, so the rules need not change when the phase does.

import { bytesOf, familyOf } from "../core/address.ts";
import type { Machinery } from "../kernel.ts";
import {
  begin,
  finish,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  putAttribute,
  putUint32,
  type RequestBuffer,
} from "./netlink-write.ts";

export type Filter = Parameters<Machinery["setFilter"]>[0];

const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFNL_SUBSYS_NFTABLES = 10;
const NFPROTO_INET = 1;
const NFPROTO_IPV4 = 2;
const NFPROTO_IPV6 = 10;

const NFT_MSG_NEWTABLE = 0;
const NFT_MSG_DELTABLE = 2;
const NFT_MSG_NEWCHAIN = 3;
const NFT_MSG_NEWRULE = 6;
const NFT_MSG_NEWSET = 9;
const NFT_MSG_NEWSETELEM = 12;
const NLM_F_APPEND = 0x800;
/** Attributes inside of attributes are marked. */
const NLA_F_NESTED = 0x8000;

const HOOK_INPUT = 1;
const HOOK_OUTPUT = 3;
const META_IIFNAME = 6;
const META_OIFNAME = 7;
const META_NFPROTO = 15;
const META_L4PROTO = 16;
const NETWORK_HEADER = 1;
const TRANSPORT_HEADER = 2;
const NF_DROP = 0;
const NF_ACCEPT = 1;
const IPPROTO_IGMP = 2;
const IPPROTO_ICMPV6 = 58;
/** Two registers of 16 bytes, side by side; and that of verdicts. */
const REG_1 = 1;
const REG_2 = 2;
const REG_VERDICT = 0;

/** What nft calls the keys, so that it can print them: ipv4_addr, ipv6_addr, icmpv6_type, ifname. */
const TYPE = { ipv4: 7, ipv6: 8, icmpv6: 29, ifname: 41 } as const;
const concatenated = (one: number, other: number): number => (one << 6) | other;

/** RFC 4861 §4: router and neighbour solicitation and advertisement, redirect. */
const DISCOVERY = [133, 134, 135, 136, 137];
/** RFC 2710 §3, RFC 3810 §5: multicast listener query, report, done, report of version 2. */
const REPORTS = [131, 132, 143];

const IFNAMSIZ = 16;
/** Elements per message: an attribute has at most 64 KiB. */
const ELEMENTS = 500;

const encoder = new TextEncoder();
const text = (value: string): Uint8Array => encoder.encode(`${value}\0`);

function interfaceName(name: string): Uint8Array {
  const bytes = new Uint8Array(IFNAMSIZ);
  bytes.set(encoder.encode(name));
  return bytes;
}

/** Numbers of netfilter are in network order. */
function putNumber(to: RequestBuffer, type: number, value: number): void {
  putUint32(to, 8 | (type << 16), 0);
  to.view.setInt32(to.length - 4, value, false);
}

const putText = (to: RequestBuffer, type: number, value: string): void => putAttribute(to, type, text(value));

function nested(to: RequestBuffer, type: number, fill: () => void): void {
  const start = to.length;
  putUint32(to, 0);
  fill();
  to.view.setUint16(start, to.length - start, true);
  to.view.setUint16(start + 2, type | NLA_F_NESTED, true);
}

type Batch = { readonly to: RequestBuffer; seq: number };

/** nfgenmsg behind the header: family, version, subsystem (network order). */
function message(batch: Batch, type: number, flags: number, family: number, fill: () => void): void {
  batch.seq += 1;
  const start = begin(batch.to, type, flags, batch.seq);
  const subsystem = type < NFNL_SUBSYS_NFTABLES << 8 ? NFNL_SUBSYS_NFTABLES : 0;
  putUint32(batch.to, family | (subsystem << 24));
  fill();
  finish(batch.to, start);
}

const ask = (batch: Batch, what: number, flags: number, fill: () => void): void =>
  message(batch, (NFNL_SUBSYS_NFTABLES << 8) | what, flags, NFPROTO_INET, fill);

// ---------------------------------------------------------------- expressions: what a rule is made of

type Expression = (to: RequestBuffer) => void;

const expression =
  (name: string, fill: Expression): Expression =>
  (to) =>
    nested(to, 1, () => {
      putText(to, 1, name);
      nested(to, 2, () => fill(to));
    });

/** A fact about the packet, put into a register. */
const meta = (key: number, register = REG_1): Expression =>
  expression("meta", (to) => {
    putNumber(to, 2, key);
    putNumber(to, 1, register);
  });

const payload = (header: number, offset: number, length: number, register = REG_1): Expression =>
  expression("payload", (to) => {
    putNumber(to, 1, register);
    putNumber(to, 2, header);
    putNumber(to, 3, offset);
    putNumber(to, 4, length);
  });

const is = (value: number): Expression =>
  expression("cmp", (to) => {
    putNumber(to, 1, REG_1);
    putNumber(to, 2, 0);
    nested(to, 3, () => putAttribute(to, 1, Uint8Array.of(value)));
  });

const among = (set: string): Expression =>
  expression("lookup", (to) => {
    putText(to, 1, set);
    putNumber(to, 2, REG_1);
  });

const verdict = (code: number): Expression =>
  expression("immediate", (to) => {
    putNumber(to, 1, REG_VERDICT);
    nested(to, 2, () => nested(to, 2, () => putNumber(to, 1, code)));
  });

const counter: Expression = expression("counter", () => {});

// ---------------------------------------------------------------- the table

type Set = { readonly name: string; readonly type: number; readonly keys: readonly Uint8Array[] };

function setsOf({ closed, quiet }: Filter): readonly Set[] {
  const anywhere = closed.filter((own) => own.interface === null).map(({ address }) => address);
  const of = (family: "ipv4" | "ipv6") => anywhere.filter((one) => familyOf(one) === family).map((one) => bytesOf(one));
  const onOne = closed.flatMap((own) =>
    own.interface === null ? [] : [Uint8Array.of(...interfaceName(own.interface), ...bytesOf(own.address))],
  );
  const octets = (values: readonly number[]) => values.map((value) => Uint8Array.of(value));
  return [
    { name: "closed4", type: TYPE.ipv4, keys: of("ipv4") },
    { name: "closed6", type: TYPE.ipv6, keys: of("ipv6") },
    { name: "closed_on", type: concatenated(TYPE.ifname, TYPE.ipv6), keys: onOne },
    { name: "discovery", type: TYPE.icmpv6, keys: octets(DISCOVERY) },
    { name: "reports", type: TYPE.icmpv6, keys: octets(REPORTS) },
    { name: "quiet", type: TYPE.ifname, keys: quiet.map(interfaceName) },
  ];
}

const KEY_LENGTHS: Readonly<Record<string, number>> = {
  closed4: 4,
  closed6: 16,
  closed_on: 32,
  discovery: 1,
  reports: 1,
  quiet: IFNAMSIZ,
};

function putSet(batch: Batch, table: string, { name, type, keys }: Set, id: number): void {
  const { to } = batch;
  ask(batch, NFT_MSG_NEWSET, NLM_F_CREATE, () => {
    putText(to, 1, table);
    putText(to, 2, name);
    putNumber(to, 3, 0);
    putNumber(to, 4, type);
    putNumber(to, 5, KEY_LENGTHS[name] ?? 0);
    putNumber(to, 10, id);
  });
  const distinct = [...new Map(keys.map((key) => [key.join(), key])).values()];
  for (let i = 0; i < distinct.length; i += ELEMENTS)
    ask(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, () => {
      putText(to, 1, table);
      putText(to, 2, name);
      nested(to, 3, () => {
        for (const key of distinct.slice(i, i + ELEMENTS))
          nested(to, 1, () => nested(to, 1, () => putAttribute(to, 1, key)));
      });
    });
}

function putChain(batch: Batch, table: string, name: string, hook: number, priority: number): void {
  const { to } = batch;
  ask(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, () => {
    putText(to, 1, table);
    putText(to, 3, name);
    nested(to, 4, () => {
      putNumber(to, 1, hook);
      putNumber(to, 2, priority);
    });
    putText(to, 7, "filter");
  });
}

function putRule(batch: Batch, table: string, chain: string, expressions: readonly Expression[]): void {
  const { to } = batch;
  ask(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, () => {
    putText(to, 1, table);
    putText(to, 2, chain);
    nested(to, 4, () => {
      for (const put of expressions) put(to);
    });
  });
}

const icmpv6Type: readonly Expression[] = [meta(META_L4PROTO), is(IPPROTO_ICMPV6), payload(TRANSPORT_HEADER, 0, 1)];

/** The rules of one direction; `at4` and `at6` are where the address of it lies in the header. */
function rulesOf(interfaceKey: number, at4: number, at6: number, counters: boolean): (readonly Expression[])[] {
  const drop = counters ? [counter, verdict(NF_DROP)] : [verdict(NF_DROP)];
  return [
    [...icmpv6Type, among("discovery"), verdict(NF_ACCEPT)],
    [meta(META_NFPROTO), is(NFPROTO_IPV4), payload(NETWORK_HEADER, at4, 4), among("closed4"), ...drop],
    [meta(META_NFPROTO), is(NFPROTO_IPV6), payload(NETWORK_HEADER, at6, 16), among("closed6"), ...drop],
    [
      meta(META_NFPROTO),
      is(NFPROTO_IPV6),
      meta(interfaceKey),
      payload(NETWORK_HEADER, at6, 16, REG_2),
      among("closed_on"),
      ...drop,
    ],
  ];
}

function putRules(batch: Batch, { table, counters, closed, quiet }: Filter): void {
  const drop = counters ? [counter, verdict(NF_DROP)] : [verdict(NF_DROP)];
  if (quiet.length > 0) {
    const leaving = [meta(META_OIFNAME), among("quiet")];
    putRule(batch, table, "out", [...leaving, meta(META_L4PROTO), is(IPPROTO_IGMP), ...drop]);
    putRule(batch, table, "out", [...leaving, ...icmpv6Type, among("reports"), ...drop]);
  }
  if (closed.length === 0) return;
  for (const rule of rulesOf(META_IIFNAME, 16, 24, counters)) putRule(batch, table, "in", rule);
  for (const rule of rulesOf(META_OIFNAME, 12, 8, counters)) putRule(batch, table, "out", rule);
}

/** How many bytes a batch for these rules has at most. */
export const filterBytes = ({ closed, quiet }: Filter): number => 16_384 + 64 * (closed.length + quiet.length);

function inBatch(to: RequestBuffer, seq: number, fill: (batch: Batch) => void): number {
  const batch: Batch = { to, seq };
  message(batch, NFNL_MSG_BATCH_BEGIN, 0, 0, () => {});
  fill(batch);
  message(batch, NFNL_MSG_BATCH_END, NLM_F_ACK, 0, () => {});
  return batch.seq;
}

const putTable = (batch: Batch, what: number, flags: number, table: string): void =>
  ask(batch, what, flags, () => putText(batch.to, 1, table));

/** Puts a table in the place of ours, or, `anew`, where there must be none. Numbered from `seq` on; gives the last number. */
export function writeFilter(to: RequestBuffer, rules: Filter, anew: boolean, seq: number): number {
  return inBatch(to, seq, (batch) => {
    if (!anew) {
      putTable(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, rules.table);
      putTable(batch, NFT_MSG_DELTABLE, 0, rules.table);
    }
    putTable(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | (anew ? NLM_F_EXCL : 0) | NLM_F_ACK, rules.table);
    for (const [i, set] of setsOf(rules).entries()) putSet(batch, rules.table, set, i + 1);
    putChain(batch, rules.table, "in", HOOK_INPUT, rules.priority);
    putChain(batch, rules.table, "out", HOOK_OUTPUT, rules.priority);
    putRules(batch, rules);
  });
}

/** Takes a table away, whether it is there or not. */
export function writeNoFilter(to: RequestBuffer, table: string, seq: number): number {
  return inBatch(to, seq, (batch) => {
    putTable(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, table);
    putTable(batch, NFT_MSG_DELTABLE, NLM_F_ACK, table);
  });
}
