// Timer arithmetic of RFC 3768 §6.1 (v2) and RFC 5798 / RFC 9568 §6.1 (v3).

import { type Duration, microseconds } from "./time.ts";

/**
 * Skew_Time: the head start of a higher priority.
 *
 * RFC 5798 §6.1: `((256 - Priority) * Master_Adver_Interval) / 256`; RFC 3768 §6.1 counts in
 * seconds whatever the interval. The division comes last, so nothing is lost before it.
 */
export function skewTime(version: 2 | 3, priority: number, masterAdverInterval: Duration): Duration {
  const base = version === 2 ? 1_000_000 : masterAdverInterval;
  return microseconds(((256 - priority) * base) / 256);
}

/**
 * Master_Down_Interval: how long a Backup waits for the Master. The RFCs multiply by 3,
 * Keepalived by `down_timer_adverts`.
 */
export function masterDownInterval(
  version: 2 | 3,
  priority: number,
  masterAdverInterval: Duration,
  downTimerAdverts: number,
): Duration {
  return microseconds(downTimerAdverts * masterAdverInterval + skewTime(version, priority, masterAdverInterval));
}
