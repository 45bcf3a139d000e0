// Pipes, which Node makes of sockets: what a program finds as /dev/stdin must be something that can be
// opened once more, and a socket cannot.

import { close, inotify, inotifyAdd, makeFifo, messageOf, pipe, read, unread, whenReadable } from "./ffi.ts";

/** Both ends, closed for children. Throws when there are too many descriptors. */
export function openPipe(): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2);
  const result = pipe(ends);
  if (result < 0) throw new Error(`no pipe: ${messageOf(-result)}`);
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 };
}

/** Makes a named pipe for its owner alone; a sentence when that fails. */
export function createFifo(path: string): string | null {
  const result = makeFifo(path, 0o600);
  return result < 0 ? messageOf(-result) : null;
}

const count = new Int32Array(new ArrayBuffer(128), 0, 1);

/** How many bytes were written and not read. */
export function unreadIn(fd: number): number {
  return unread(fd, count) < 0 ? 0 : (count[0] ?? 0);
}

const IN_CLOSE = 0x08 | 0x10;
const IN_OPEN = 0x20;
/** Whoever removes a file takes a link from it. */
const IN_MOVED = 0x04 | 0x800;
const EVENT_BYTES = 16;
const events = new Uint8Array(new ArrayBuffer(4_096), 0, 4_096);

/**
 * Tells each opening and closing of a file by anybody, in their order, and that it may have been moved or removed;
 * nothing where the kernel cannot. No more of it once it is not watched any more.
 */
export function watchUses(path: string, listener: (use: "opened" | "closed" | "moved") => void): () => void {
  const fd = inotify();
  if (fd < 0) return () => undefined;
  if (inotifyAdd(fd, path, IN_OPEN | IN_CLOSE | IN_MOVED) < 0) {
    close(fd);
    return () => undefined;
  }
  let watches = true;
  const look = (): void => {
    const length = read(fd, events);
    const view = new DataView(events.buffer, 0, Math.max(0, length));
    // struct inotify_event: wd, mask, cookie, len, and no name for a file that is watched itself.
    for (let at = 0; watches && at + EVENT_BYTES <= length; at += EVENT_BYTES) {
      const mask = view.getUint32(at + 4, true);
      if ((mask & IN_OPEN) !== 0) listener("opened");
      else if ((mask & IN_CLOSE) !== 0) listener("closed");
      else if ((mask & IN_MOVED) !== 0) listener("moved");
    }
  };
  const unwatch = whenReadable(fd, look);
  return () => {
    watches = false;
    unwatch();
    close(fd);
  };
}
