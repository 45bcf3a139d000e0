// How far back an explanation looks. What lies behind these spans is no cause any more, and is left out
// whether or not it was read; so an explanation is the same from the end of a log as from all of it.

import { type Duration, seconds } from "../core/time.ts";

/** What was heard and what the link did: of the last minute. */
export const MINUTE: Duration = seconds(60);
/** The longest preempt_delay, and more: a priority may have changed so long before somebody acts on it. */
export const PRIORITY_SPAN: Duration = seconds(1_200);
/** Answers of a check in a row that led to its verdict. */
export const STRIKES_SPAN: Duration = seconds(300);
