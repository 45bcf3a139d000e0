// The proc connector: the kernel tells of every process that begins, changes its program or ends. Only
// in the first network namespace, and only with CAP_NET_ADMIN.

import type { Begun } from "../kernel.ts";
import { ENOBUFS, failure } from "./errno.ts";
import { close, receive, send, whenReadable } from "./ffi.ts";
import { openNetlink } from "./netlink-socket.ts";

const NETLINK_CONNECTOR = 11;
/** CN_IDX_PROC, CN_VAL_PROC. */
const PROC = 1;
const PROC_CN_MCAST_LISTEN = 1;
const FORK = 0x1;
const EXEC = 0x2;
const COMM = 0x200;
const EXIT = 0x8000_0000;

/** Told together, in ms: a compiler starts thousands. */
const BATCH = 10;
/** More than this are too many to name. */
const MANY = 64;

/** Tells the ids of processes that something happened to; null: there were too many, or some were missed. */
export function watchProcesses(listener: (pids: readonly number[] | null) => void): Begun {
  const fd = openNetlink(NETLINK_CONNECTOR, PROC);
  if (fd < 0) return failure(-fd, "asking for events of processes");
  const result = subscribe(fd);
  if (result < 0) {
    close(fd);
    return failure(-result, "asking for events of processes");
  }
  let batch: Set<number> | "all" = new Set();
  let timer: NodeJS.Timeout | null = null;
  const flush = (): void => {
    timer = null;
    const told = batch;
    batch = new Set();
    listener(told === "all" ? null : [...told]);
  };
  const add = (pid: number | null): void => {
    if (pid === 0 || batch === "all") return;
    if (pid === null || batch.size >= MANY) batch = "all";
    else batch.add(pid);
    timer ??= setTimeout(flush, BATCH);
  };
  const unwatch = whenReadable(fd, () => drain(fd, add));
  return {
    ok: true,
    forget: () => {
      if (timer !== null) clearTimeout(timer);
      unwatch();
      close(fd);
    },
  };
}

/** Header, connector message, and the one word that asks for events. */
function subscribe(fd: number): number {
  const request = new DataView(new ArrayBuffer(40));
  request.setUint32(0, 40, true);
  request.setUint16(4, 3, true); // NLMSG_DONE
  request.setUint32(16, PROC, true);
  request.setUint32(20, PROC, true);
  request.setUint16(32, 4, true);
  request.setUint32(36, PROC_CN_MCAST_LISTEN, true);
  return send(fd, new Uint8Array(request.buffer), 40);
}

const bytes = new Uint8Array(new ArrayBuffer(4_096), 0, 4_096);
const view = new DataView(bytes.buffer);

function drain(fd: number, add: (pid: number | null) => void): void {
  for (let n = 0; n < 512; n++) {
    const length = receive(fd, bytes);
    if (length === -ENOBUFS) add(null);
    else if (length < 0) return;
    else if (length >= 60) add(processOf());
  }
}

/** Behind two headers of 16 and 20 bytes: what happened, CPU, time; then process and thread group. */
function processOf(): number {
  const what = view.getUint32(36, true);
  // Of a fork the child's group stands behind the parent's two numbers.
  if (what === FORK) return view.getInt32(64, true);
  return what === EXEC || what === COMM || what === EXIT ? view.getInt32(56, true) : 0;
}
