// How people say when: `1h`, `30d`, `13:13`, `2026-11-22 13:13:31.5`.

import { EXIT, Refusal } from "./refusal.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Wall-clock ms of what an option says, a span being counted back from `now`; refuses what says no time. */
export function whenOf(option: string, text: string, now: number): number {
  const at = spanIn(text, now) ?? clockIn(text, now) ?? dateIn(text);
  if (at === undefined)
    throw new Refusal(
      EXIT.usage,
      `--${option} ${text} is no time: write 90s, 15m, 2h, 30d, 13:13[:31], or 2026-11-22T13:13:31Z`,
    );
  return at;
}

function spanIn(text: string, now: number): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)(?: ago)?$/.exec(text) ?? [];
  const size = UNITS[unit];
  return number === undefined || size === undefined ? undefined : now - Number(number) * size;
}

/** How many ms an option says, as `30m`; refuses what says no span. */
export function spanOf(option: string, text: string): number {
  const at = text.endsWith("ago") ? undefined : spanIn(text, 0);
  if (at === undefined) throw new Refusal(EXIT.usage, `--${option} ${text} is no span of time: write 90s, 30m or 2h`);
  return -at;
}

/** A time of day is the last one of that name. */
function clockIn(text: string, now: number): number | undefined {
  const [, hours, minutes, seconds = "0"] = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$/.exec(text) ?? [];
  if (hours === undefined) return undefined;
  const day = new Date(now);
  day.setHours(Number(hours), Number(minutes), 0, 0);
  const at = day.getTime() + Number(seconds) * 1_000;
  return at > now ? at - 86_400_000 : at;
}

function dateIn(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d/.test(text)) return undefined;
  const at = Date.parse(text.replace(" ", "T"));
  return Number.isNaN(at) ? undefined : at;
}

/** `2026-11-22 13:13:31.512`, in the machine's time zone. */
export function atWall(ms: number): string {
  const date = new Date(ms);
  const two = (n: number): string => String(n).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}
