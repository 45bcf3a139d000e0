// The beginning of a file, without waiting for it. A pipe that nobody writes to keeps whoever opens it, and a
// device never ends; four threads that wait like that are all there are, and no check could read a file any more.

import { constants } from "node:fs";
import { open } from "node:fs/promises";

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants;
const PIECE = 65_536;

/** At most so many bytes from the beginning of a file. A pipe is read for what lies in it. */
export async function beginningOf(path: string, most: number): Promise<Buffer> {
  const handle = await open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const pieces: Buffer[] = [];
    for (let length = 0; length < most; ) {
      const size = Math.min(PIECE, most - length);
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, null);
      if (bytesRead === 0) break;
      pieces.push(buffer.subarray(0, bytesRead));
      length += bytesRead;
    }
    return Buffer.concat(pieces);
  } finally {
    await handle.close();
  }
}

const underway = new Map<string, Promise<string>>();

/** The same as text, once for all who ask while it is read: a file system that hangs holds one thread for each file. */
export function textOf(path: string, most: number): Promise<string> {
  const key = `${most} ${path}`;
  const begun = underway.get(key);
  if (begun !== undefined) return begun;
  const text = beginningOf(path, most)
    .then((bytes) => bytes.toString("utf8"))
    .finally(() => underway.delete(key));
  underway.set(key, text);
  return text;
}
