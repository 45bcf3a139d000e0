// Pages of the program that only the start needed are given back: Node.js has 60 MB of code and constants in its
// file, and of the 40 that a start touches, half are never touched again.
//
// Nothing is lost by it. What is mapped of a file and was never written can be mapped again, from the page cache; of
// what was written (relocations, a debugger's breakpoints) there is no other copy, so it is looked at page by page.

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { dontNeed, lockOnFault, pageSize, trimHeap } from "./ffi.ts";

/** Addresses of a mapping. */
export type Span = { readonly from: number; readonly to: number };

/** Smaller ones are left: the C library and koffi are in use. */
const LARGE = 2 * 1024 * 1024;
/** Given back or kept at once: 60 µs. */
const SLICE = 256 * 1024;
/** Of a page, in the upper half of its entry in /proc/self/pagemap: in memory, swapped out, of a file. */
const [PRESENT, SWAPPED, OF_A_FILE] = [1 << 31, 1 << 30, 1 << 29];

/** What is mapped of large files to be read or executed, and by nobody to be written. From a text in the form of /proc/self/maps. */
export function programIn(maps: string): readonly Span[] {
  const spans: Span[] = [];
  for (const line of maps.split("\n")) {
    // 00b72000-025fe000 r-xp 00772000 fe:00 260689   /usr/bin/node
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p \S+ \S+ [1-9]\d* +\//.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const span = { from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) };
    if (span.to - span.from >= LARGE) spans.push(span);
  }
  return spans;
}

/** Whether some of these pages are in memory, and each that is can be read from its file again. From entries of /proc/self/pagemap. */
export function canBeReadAgain(entries: DataView): boolean {
  let some = false;
  for (let i = 4; i < entries.byteLength; i += 8) {
    const flags = entries.getUint32(i, true);
    if ((flags & SWAPPED) !== 0) return false;
    if ((flags & PRESENT) === 0) continue;
    if ((flags & OF_A_FILE) === 0) return false;
    some = true;
  }
  return some;
}

/** The program of this process. To be small is not worth a failure: where the kernel does not tell, it is nothing. */
export function programHere(): readonly Span[] {
  try {
    return programIn(readFileSync("/proc/self/maps", "latin1"));
  } catch {
    return [];
  }
}

/** Gives back a slice at a time; of files nothing where the kernel does not tell what a page is. */
export function* giveBack(program: readonly Span[]): Generator<void, void> {
  trimHeap();
  yield;
  let pagemap: number;
  try {
    pagemap = openSync("/proc/self/pagemap", "r");
  } catch {
    return;
  }
  try {
    for (const slice of slices(program)) {
      if (!canBeReadAgain(entriesOf(pagemap, slice))) continue;
      dontNeed(slice.from, slice.to - slice.from);
      yield;
    }
  } finally {
    closeSync(pagemap);
  }
}

/** What /proc/self/pagemap says of these pages; nothing when it does not say it. */
function entriesOf(pagemap: number, { from, to }: Span): DataView {
  const page = pageSize();
  const entries = new DataView(new ArrayBuffer(((to - from) / page) * 8));
  try {
    const read = readSync(pagemap, entries, 0, entries.byteLength, (from / page) * 8);
    return read === entries.byteLength ? entries : NOTHING;
  } catch {
    return NOTHING;
  }
}

const NOTHING = new DataView(new ArrayBuffer(0));

/**
 * What is touched of the program from now on stays in memory, also when the machine has none left: otherwise a
 * take-over after months of quiet would wait for the disk. A slice at a time; not without CAP_IPC_LOCK or LimitMEMLOCK=.
 */
export function* keepWhatIsTouched(program: readonly Span[]): Generator<void, void> {
  for (const { from, to } of slices(program)) {
    if (!lockOnFault(from, to - from)) return;
    yield;
  }
}

function* slices(program: readonly Span[]): Generator<Span, void> {
  for (const { from, to } of program)
    for (let at = from; at < to; at += SLICE) yield { from: at, to: Math.min(at + SLICE, to) };
}
