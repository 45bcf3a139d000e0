// System call failures as values with the errno's name, so that nobody greps strerror texts.

import { constants } from "node:os";
import type { Outcome } from "../kernel.ts";
import { messageOf } from "./ffi.ts";

export type Failure = Extract<Outcome, { ok: false }>;

export const DONE: Outcome = { ok: true };

export const EPERM = 1;
export const EINTR = 4;
export const EBADF = 9;
export const EAGAIN = 11;
export const EEXIST = 17;
export const ENODEV = 19;
export const EINVAL = 22;
export const ENAMETOOLONG = 36;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;
export const ETIMEDOUT = 110;

/** The first name of each number; EWOULDBLOCK and ENOTSUP are second names of EAGAIN and EOPNOTSUPP. */
const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) {
  if (!NAMES.has(number) || name === "EOPNOTSUPP") NAMES.set(number, name);
}

/** Numbers by the C library's text, for a caller that is told nothing else. Filled when first needed. */
const NUMBERS = new Map<string, number>();

/** The name of an errno, `EPERM`; `errno 512` for one that has none. */
export const errnoName = (errno: number): string => NAMES.get(errno) ?? `errno ${errno}`;

/** A failure as a sentence: `EEXIST: File exists (adding 10.0.0.1 on eth0)`. */
export function failure(errno: number, doing: string, text = messageOf(errno)): Failure {
  return { ok: false, errno, error: `${errnoName(errno)}: ${text}${doing === "" ? "" : ` (${doing})`}` };
}

/** The outcome of a call that gives a negative errno when it fails. */
export const outcomeOf = (result: number, doing: string): Outcome => (result < 0 ? failure(-result, doing) : DONE);

/** The failure behind an exception of node:fs. */
export function failureFromError(thrown: unknown, doing: string): Failure {
  const number = thrown instanceof Error && "errno" in thrown ? Math.abs(Number(thrown.errno)) : constants.errno.EIO;
  return failure(number, doing);
}

/**
 * The failure behind an exception of raw-socket, which carries the C library's text and no number.
 * EIO when the text belongs to no errno.
 */
export function failureFromText(thrown: unknown, doing: string): Failure {
  if (NUMBERS.size === 0) for (const number of NAMES.keys()) NUMBERS.set(messageOf(number), number);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const errno = NUMBERS.get(text);
  return errno === undefined ? failure(constants.errno.EIO, doing, text) : failure(errno, doing);
}
