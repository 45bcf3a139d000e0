// What a fake kernel answers.

import type { Outcome } from "../kernel.ts";

const ERRORS = {
  2: "ENOENT: no such file or directory",
  3: "ESRCH: there is no such route",
  9: "EBADF: the kernel connection is closed",
  17: "EEXIST: it is there",
  19: "ENODEV: no such interface",
  22: "EINVAL: one family to an address of the other",
  99: "EADDRNOTAVAIL: it is not there",
  100: "ENETDOWN: the interface is down",
} as const;

/** It was done. */
export const DONE: Outcome = { ok: true };
/** It was not, and this is what Linux says then. */
export const failure = (errno: keyof typeof ERRORS): Outcome => ({ ok: false, errno, error: ERRORS[errno] });
