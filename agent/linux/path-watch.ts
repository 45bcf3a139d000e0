// Routes and rules as somebody else takes them away.

import type { Trace } from "../core/path.ts";
import { ENOBUFS } from "./errno.ts";
import { close, receive, whenReadable } from "./ffi.ts";
import { openNetlink } from "./netlink-socket.ts";
import { type GonePath, readGonePaths } from "./path-message.ts";
import { nameOfRequester } from "./requester.ts";

const NETLINK_ROUTE = 0;
/** RTNLGRP_IPV4_ROUTE, IPV4_RULE, IPV6_ROUTE, IPV6_RULE. */
const GROUPS = 0x40 | 0x80 | 0x400 | 0x4_0000;
/** Pieces of the kernel's news in one turn of the loop: somebody may withdraw a full table of the Internet. */
const A_TURN = 8;

const piece = new Uint8Array(new ArrayBuffer(65_536), 0, 65_536);

/** What `own`, our own port, asks for is not told. */
export function watchPaths(
  own: number,
  listener: (gone: readonly Trace[] | null, by: () => string) => void,
): () => void {
  const fd = openNetlink(NETLINK_ROUTE, GROUPS);
  if (fd < 0) return () => {};
  const read = (): void => {
    const gone: GonePath[] = [];
    let isLost = false;
    for (let n = 0; n < A_TURN; n++) {
      const length = receive(fd, piece);
      if (length === -ENOBUFS || length > piece.length) isLost = true;
      else if (length < 0) break;
      else gone.push(...readGonePaths(piece.subarray(0, length)));
    }
    for (const port of new Set(gone.map((one) => one.port)))
      if (port !== own)
        listener(
          gone.filter((one) => one.port === port).map(({ trace }) => trace),
          () => nameOfRequester(port),
        );
    if (isLost) listener(null, () => "");
  };
  const unwatch = whenReadable(fd, read);
  return () => {
    unwatch();
    close(fd);
  };
}
