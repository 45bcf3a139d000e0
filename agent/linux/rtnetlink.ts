// Two rtnetlink sockets: one that asks and is answered within the call, one that hears what changes.

import { type Path, wordsOf } from "../core/path.ts";
import type { Outcome } from "../kernel.ts";
import { DONE, EAGAIN, EBADF, EINTR, ENOBUFS, ETIMEDOUT, errnoName, failure } from "./errno.ts";
import { close, messageBatch, messageOf, ownName, receive, send, setOption } from "./ffi.ts";
import { applyMessages, emptyTable, type InterfaceTable } from "./interface-table.ts";
import { type UponRequest, writeAddLink, writeLinkUp, writeRemoveLink } from "./link-request.ts";
import { type NetlinkMessage, readMessages } from "./netlink.ts";
import {
  type AddressRequest,
  createAddressWriter,
  LONGEST_REQUEST,
  writeDump,
  writeRemoveAddress,
} from "./netlink-request.ts";
import { openNetlink } from "./netlink-socket.ts";
import { NLM_F_ACK, type RequestBuffer, requestBuffer } from "./netlink-write.ts";
import { LONGEST_PATH_REQUEST, writeAddPath, writeRemovePath } from "./path-request.ts";

const NETLINK_ROUTE = 0;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
/** Errors do not repeat the request, and bring the kernel's own words. */
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;

const RTMGRP_LINK = 0x1;
const RTMGRP_IPV4_IFADDR = 0x10;
const RTMGRP_IPV6_IFADDR = 0x100;

/** More than a thousand addresses in one burst is 15 ms in which nothing else can run. */
const CHUNK = 50;
const RECEIVE_BUFFER = 8 << 20;

const answer = new Uint8Array(new ArrayBuffer(65_536));
/** The kernel tells each address by itself. */
const AT_ONCE = 16;
const news = messageBatch(AT_ONCE, 65_536);
/** So many calls bring what is read, folded and written down within a millisecond. */
const SOME = 4;

function openSocket(groups: number): number {
  const fd = openNetlink(NETLINK_ROUTE, groups);
  if (fd < 0) throw new Error(`no netlink socket can be had: ${messageOf(-fd)}`);
  const size = new Uint8Array(new ArrayBuffer(128), 0, 4);
  new DataView(size.buffer).setUint32(0, RECEIVE_BUFFER, true);
  // Refused without CAP_NET_ADMIN; then an overflow comes sooner, and costs a dump.
  setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, size);
  return fd;
}

/** One address of one interface, for the command socket. */
export type AddressAt = {
  readonly own: AddressRequest & { readonly interface: string };
  readonly index: number;
};

/** One route or rule, and the number of the interface it names; 0 when it names none. */
export type PathAt = { readonly path: Path; readonly index: number };

/** Asks the kernel; every answer is there when the call returns. */
export type CommandSocket = {
  /** What notifications of our own doings carry. */
  readonly port: number;
  readonly addAddresses: (addresses: readonly AddressAt[], protocol: number) => Outcome[];
  readonly removeAddresses: (addresses: readonly AddressAt[]) => Outcome[];
  readonly addPaths: (paths: readonly PathAt[]) => Outcome[];
  readonly removePaths: (paths: readonly PathAt[]) => Outcome[];
  readonly addLink: (link: UponRequest) => Outcome;
  readonly raiseLink: (index: number, name: string) => Outcome;
  readonly removeLink: (index: number, name: string) => Outcome;
  /** Everything the kernel has, as it is at one moment. */
  readonly dump: () => InterfaceTable;
  readonly close: () => void;
};

/** An open command socket, and where its requests are written. */
type Line = { readonly fd: number; readonly requests: RequestBuffer; seq: number };

/** Writes one request about one thing, and says about which. */
type Writer<T> = {
  readonly write: (to: RequestBuffer, one: T, seq: number, flags: number) => void;
  readonly doing: (one: T) => string;
};

const named = ({ own }: AddressAt): string => `${own.address} on ${own.interface}`;

/** Opens a command socket. */
export function openCommandSocket(): CommandSocket {
  const line: Line = {
    fd: openSocket(0),
    requests: requestBuffer(CHUNK * Math.max(LONGEST_REQUEST, LONGEST_PATH_REQUEST)),
    seq: 0,
  };
  const writeAddress = createAddressWriter();
  const on = new Uint8Array(new ArrayBuffer(128), 0, 4);
  on[0] = 1;
  setOption(line.fd, SOL_NETLINK, NETLINK_CAP_ACK, on);
  setOption(line.fd, SOL_NETLINK, NETLINK_EXT_ACK, on);
  return {
    port: portOf(line.fd),
    addAddresses: (addresses, protocol) =>
      inChunks(line, addresses, {
        write: (to, { own, index }, seq, flags) => writeAddress(to, own, { index, seq, flags, protocol }),
        doing: (address) => `adding ${named(address)}`,
      }),
    removeAddresses: (addresses) =>
      inChunks(line, addresses, {
        write: (to, { own, index }, seq, flags) => writeRemoveAddress(to, own, { index, seq, flags }),
        doing: (address) => `removing ${named(address)}`,
      }),
    addPaths: (paths) =>
      inChunks(line, paths, {
        write: (to, { path, index }, seq, flags) => writeAddPath(to, path, { index, seq, flags }),
        doing: ({ path }) => `adding ${wordsOf(path)}`,
      }),
    removePaths: (paths) =>
      inChunks(line, paths, {
        write: (to, { path, index }, seq, flags) => writeRemovePath(to, path, { index, seq, flags }),
        doing: ({ path }) => `removing ${wordsOf(path)}`,
      }),
    addLink: (link) => one(line, `making ${link.name}`, (to, how) => writeAddLink(to, link, how)),
    raiseLink: (index, name) => one(line, `setting ${name} up`, (to, how) => writeLinkUp(to, index, how)),
    removeLink: (index, name) => one(line, `removing ${name}`, (to, how) => writeRemoveLink(to, index, how)),
    dump() {
      const table = emptyTable();
      applyMessages(table, dumpOf(line, "links"));
      applyMessages(table, dumpOf(line, "addresses"));
      return table;
    },
    close: () => void close(line.fd),
  };
}

function portOf(fd: number): number {
  const name = new Uint8Array(new ArrayBuffer(128), 0, 12);
  ownName(fd, name);
  return new DataView(name.buffer).getUint32(4, true);
}

function inChunks<T>(line: Line, all: readonly T[], writer: Writer<T>): Outcome[] {
  if (all.length <= CHUNK) return all.length === 0 ? [] : burst(line, all, writer);
  const outcomes: Outcome[] = [];
  for (let from = 0; from < all.length; from += CHUNK)
    outcomes.push(...burst(line, all.slice(from, from + CHUNK), writer));
  return outcomes;
}

/**
 * Sends requests of consecutive numbers in one piece. The kernel works them off in order within the call,
 * tells each that failed, and the last in any case: one failure does not stop the others.
 */
function burst<T>(line: Line, chunk: readonly T[], { write, doing }: Writer<T>): Outcome[] {
  const first = line.seq + 1;
  const last = line.seq + chunk.length;
  line.requests.length = 0;
  for (const one of chunk) write(line.requests, one, ++line.seq, line.seq === last ? NLM_F_ACK : 0);
  const refused = transact(line, last);
  if (refused.size === 0) return new Array<Outcome>(chunk.length).fill(DONE);
  return chunk.map((one, i) => {
    const error = refused.get(first + i) ?? refused.get(ALL);
    return error === undefined ? DONE : failure(error.errno, doing(one), error.text);
  });
}

/** Asks one thing. */
function one(
  line: Line,
  doing: string,
  write: (to: RequestBuffer, how: { readonly seq: number; readonly flags: number }) => void,
): Outcome {
  line.requests.length = 0;
  line.seq += 1;
  write(line.requests, { seq: line.seq, flags: NLM_F_ACK });
  const refused = transact(line, line.seq);
  const error = refused.get(line.seq) ?? refused.get(ALL);
  return error === undefined ? DONE : failure(error.errno, doing, error.text);
}

/** The number under which a failure of the whole burst is noted; no request has it. */
const ALL = 0;

type Refusal = { readonly errno: number; readonly text: string };

const refusal = (errno: number, text: string): Refusal => ({
  errno,
  text: text === "" ? messageOf(errno) : `${messageOf(errno)}, ${text}`,
});

/** Sends what is written and reads until the answer to `last`; what was refused, by number. */
function transact({ fd, requests }: Line, last: number): Map<number, Refusal> {
  const refused = new Map<number, Refusal>();
  const sent = send(fd, requests.bytes, requests.length);
  if (sent < 0) return refused.set(ALL, refusal(-sent, ""));
  for (const message of answers(fd)) {
    if (message.type !== "ack") continue;
    if (message.errno !== 0) refused.set(message.seq, refusal(message.errno, message.text));
    if (message.seq === last) return refused;
  }
  return refused.set(ALL, refusal(ETIMEDOUT, "the kernel did not answer"));
}

/** What the kernel has answered so far. It does so within `send`, so that nobody has to wait. */
function* answers(fd: number): Generator<NetlinkMessage> {
  for (;;) {
    const length = receive(fd, answer);
    if (length === -EINTR) continue;
    if (length <= 0) return;
    yield* readMessages(answer.subarray(0, length));
  }
}

type Dumped = "links" | "addresses";

/** A dump is asked for again when somebody changed things meanwhile; after ten times the last one has to do. */
function dumpOf(line: Line, what: Dumped): readonly NetlinkMessage[] {
  for (let attempt = 1; ; attempt++) {
    line.requests.length = 0;
    writeDump(line.requests, what, ++line.seq);
    const sent = send(line.fd, line.requests.bytes, line.requests.length);
    if (sent < 0) throw new Error(`the ${what} cannot be listed: ${messageOf(-sent)}`);
    const { messages, interrupted } = readDump(line.fd, what);
    if (!interrupted || attempt === 10) return messages;
  }
}

function readDump(fd: number, what: Dumped): { messages: NetlinkMessage[]; interrupted: boolean } {
  const messages: NetlinkMessage[] = [];
  let interrupted = false;
  for (const message of answers(fd)) {
    if (message.type === "ack") throw new Error(`the ${what} cannot be listed: ${errnoName(message.errno)}`);
    interrupted ||= message.interrupted;
    if (message.type === "done") return { messages, interrupted };
    messages.push(message);
  }
  throw new Error(`the ${what} cannot be listed: the kernel's answer has no end`);
}

/** Whether there may be more after a call that brought so many, or failed so. */
const isMore = (count: number): boolean => count === AT_ONCE || (count < 0 && count !== -EAGAIN && count !== -EBADF);

/** Takes in what a call brought; whether all of it was whole. */
function takeIn(count: number, messages: NetlinkMessage[]): boolean {
  let whole = true;
  for (let i = 0; i < count; i++) {
    const bytes = news.at(i);
    if (bytes === undefined) whole = false;
    else for (const message of readMessages(bytes)) messages.push(message);
  }
  return whole;
}

/** Hears links and addresses change. */
export type EventSocket = {
  readonly fd: number;
  /** What came since the last time, or the first of it; "lost" when the kernel had to throw messages away. */
  readonly read: (howMuch: "all" | "some") => NetlinkMessage[] | "lost";
  readonly close: () => void;
};

/** Opens an event socket. Whatever changes from here on will be heard. */
export function openEventSocket(): EventSocket {
  const fd = openSocket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR);
  let open = true;
  return {
    fd,
    read(howMuch) {
      const messages: NetlinkMessage[] = [];
      let lost = false;
      let calls = 0;
      for (let count = AT_ONCE; open && isMore(count) && (lost || howMuch === "all" || calls < SOME); calls++) {
        count = news.receive(fd);
        // After an overflow what is left is stale; it is read and thrown away.
        if (count === -ENOBUFS || !takeIn(count, messages)) lost = true;
      }
      return lost ? "lost" : messages;
    },
    close() {
      if (open) close(fd);
      open = false;
    },
  };
}
