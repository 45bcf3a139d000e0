// Pipes, which Node makes of sockets: what a program finds as /dev/stdin must be something that can be
// opened once more, and a socket cannot.

import { close, makeFifo, messageOf, pipe } from "./ffi.ts";

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

export const closeQuietly = (fd: number): void => void close(fd);
