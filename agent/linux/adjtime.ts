// What the kernel says of its own clock: whether somebody disciplines it, and by how much it may be wrong.

import { adjtimex } from "./ffi.ts";

export type KernelClock = {
  /** Null when the kernel does not let us ask (a unit with ProtectClock). */
  readonly sync: boolean | null;
  /** In µs. */
  readonly errUs: number | null;
};

/** STA_UNSYNC of linux/timex.h. */
const UNSYNCHRONISED = 0x40;

/** struct timex: modes at 0 (0: only read), maxerror at 24, status at 40; 208 bytes in all. */
const timex = new DataView(new ArrayBuffer(256), 0, 208);

export function kernelClock(): KernelClock {
  timex.setUint32(0, 0, true);
  if (adjtimex(timex) < 0) return { sync: null, errUs: null };
  const unsynchronised = (timex.getInt32(40, true) & UNSYNCHRONISED) !== 0;
  return { sync: !unsynchronised, errUs: Number(timex.getBigInt64(24, true)) };
}
