// The packet filter: one nfnetlink socket for each time that a table is put or taken away.

import type { Outcome } from "../kernel.ts";
import { DONE, EINTR, failure } from "./errno.ts";
import { close, messageOf, receive, send } from "./ffi.ts";
import { readMessages } from "./netlink.ts";
import { openNetlink } from "./netlink-socket.ts";
import { type RequestBuffer, requestBuffer } from "./netlink-write.ts";
import { type Filter, filterBytes, writeFilter, writeNoFilter } from "./nftables-request.ts";

const NETLINK_NETFILTER = 12;
const NO_SUCH_PROTOCOL: ReadonlySet<number> = new Set([93, 95]);

/** Puts our table in the place of the one we put before; `anew`, where there must be none yet. */
export const putFilter = (rules: Filter, anew: boolean): Outcome =>
  transact(requestBuffer(filterBytes(rules)), `putting table ${rules.table} into nftables`, (to) =>
    writeFilter(to, rules, anew, 0),
  );

/** Takes a table away; it need not be there. */
export const takeFilter = (table: string): Outcome =>
  transact(requestBuffer(1_024), `taking table ${table} out of nftables`, (to) => writeNoFilter(to, table, 0));

/** The kernel works the batch off within `send`; what it has to say lies there afterwards. */
function transact(to: RequestBuffer, doing: string, write: (to: RequestBuffer) => void): Outcome {
  const fd = openNetlink(NETLINK_NETFILTER, 0);
  if (fd < 0) {
    const missing = NO_SUCH_PROTOCOL.has(-fd) ? "; the kernel has no nf_tables (modprobe nf_tables)" : "";
    return failure(-fd, `${doing}${missing}`);
  }
  try {
    write(to);
    const sent = send(fd, to.bytes, to.length);
    return sent < 0 ? failure(-sent, doing) : verdictOn(fd, doing);
  } finally {
    close(fd);
  }
}

const answer = new Uint8Array(new ArrayBuffer(65_536));

function verdictOn(fd: number, doing: string): Outcome {
  let answered = false;
  for (;;) {
    const length = receive(fd, answer);
    if (length === -EINTR) continue;
    if (length <= 0) break;
    for (const message of readMessages(answer.subarray(0, length))) {
      if (message.type !== "ack") continue;
      answered = true;
      if (message.errno !== 0) return failure(message.errno, doing, `${messageOf(message.errno)}`);
    }
  }
  return answered ? DONE : failure(ETIMEDOUT, doing, "the kernel did not answer");
}

const ETIMEDOUT = 110;
