// The answers of a check that changed what is believed of it: which third failure it was.

import type { Told } from "../log/replay.ts";
import type { Cause } from "./causes.ts";
import { STRIKES_SPAN } from "./horizon.ts";
import { sentenceOf } from "./narrate.ts";

/** More of them say nothing more. */
const MOST = 8;

/** Watches the answers go by; `of` gives those in a row that the last line of a check ended. */
export function createStrikes(): {
  readonly look: (step: Told) => void;
  readonly of: (check: string) => readonly Cause[];
} {
  const rows = new Map<string, { readonly ok: boolean; readonly causes: readonly Cause[] }>();
  const count = (check: string, ok: boolean, inRow: boolean, cause: Cause): void => {
    const row = rows.get(check);
    const before = inRow && row?.ok === ok ? row.causes : [];
    rows.set(check, { ok, causes: [...before, cause].slice(-MOST) });
  };
  return {
    look: ({ line }) => {
      // A daemon that starts has forgotten them.
      if (line.type === "header" && line.start) rows.clear();
      // Those between the first and the last of a row, which changed nothing yet.
      if (line.type === "window" && line.window.kind === "answers") {
        const { check, ok, first } = line.window;
        count(check, ok, true, { seq: line.seq, at: first, text: `${check} ${sentenceOf(line)}` });
      }
      if (line.type !== "event" || line.seen.type !== "checkReported") return;
      const { check, run } = line.seen;
      // A number is believed at once, and the one before it led to nothing.
      count(check, run.ok, run.value === null, { seq: line.seq, at: line.at, text: `${check} ${sentenceOf(line)}` });
    },
    of: (check) => {
      const { causes } = rows.get(check) ?? { causes: [] };
      const last = causes.at(-1)?.at ?? 0;
      return causes.filter(({ at }) => last - at <= STRIKES_SPAN);
    },
  };
}

/** The check that a line is about, when it is one that moved a verdict. */
export const checkIn = ({ line }: Told): string | null =>
  line.type === "event" && (line.seen.type === "checkReported" || line.seen.type === "checkDue")
    ? line.seen.check
    : null;
