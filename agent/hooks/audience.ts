// Who reads a named pipe. Whoever opens it finds what nobody has read yet; what somebody else has read before
// is told to him again. A script that opens the pipe anew for each line is nobody new: told again, it would
// read for ever. Pure, so that a test is its clock and its pipe.

/** A script that reads a line and closes does so this soon after the line was written, in ms. */
const AT_ONCE = 200;

export type Audience = {
  /** Somebody opened it: whether he is to be told again what was read before. */
  readonly opened: () => boolean;
  readonly closed: () => void;
  /** A line was written, so many bytes long. */
  readonly wrote: (length: number) => void;
  /**
   * How many bytes of those written had been read by others than whoever reads now. When we hear that he came he may
   * have read already: what was read while nobody was there to read is what was read until the last one left.
   */
  readonly readBefore: () => number;
  /** Where the next line begins. */
  readonly end: () => number;
  /** How many lines nobody has read. */
  readonly unread: () => number;
  /** The reader is known to have ended, and its successor is somebody new. */
  readonly leave: () => void;
};

/** `unread` is how much is in the pipe, `now` counts milliseconds. */
export function audience(unread: () => number, now: () => number): Audience {
  let [written, linesRead, lastWrite] = [0, 0, Number.NEGATIVE_INFINITY];
  /** Where lines end that were not read when we looked last. */
  let ends: number[] = [];
  let [readers, linesBefore, lineByLine] = [0, 0, false];
  let readBefore = 0;

  const look = (): number => {
    const read = written - unread();
    const left = ends.filter((end) => end > read);
    linesRead += ends.length - left.length;
    ends = left;
    return read;
  };
  return {
    opened: () => {
      look();
      readers += 1;
      if (readers > 1) return false;
      linesBefore = linesRead;
      return !lineByLine;
    },
    closed: () => {
      const read = look();
      readers = Math.max(0, readers - 1);
      if (readers > 0) return;
      readBefore = read;
      if (linesRead === linesBefore) return;
      lineByLine = linesRead - linesBefore === 1 && now() - lastWrite < AT_ONCE;
    },
    wrote: (length) => {
      look();
      written += length;
      ends.push(written);
      lastWrite = now();
    },
    readBefore: () => readBefore,
    end: () => written,
    unread: () => {
      look();
      return ends.length;
    },
    leave: () => {
      [readers, lineByLine] = [0, false];
      readBefore = look();
    },
  };
}
