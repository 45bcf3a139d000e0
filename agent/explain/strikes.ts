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
  return {
    look: ({ line }) => {
      // A daemon that starts has forgotten them; and so has one that was told the opposite meanwhile.
      if (line.type === "header" && line.start) rows.clear();
      if (line.type === "window" && line.window.kind === "answers") {
        const { check, ok } = line.window;
        if (rows.get(check)?.ok !== ok) rows.delete(check);
      }
      if (line.type !== "event" || line.seen.type !== "checkReported") return;
      const { check, run } = line.seen;
      const row = rows.get(check);
      const cause: Cause = { seq: line.seq, at: line.at, text: `${check} ${sentenceOf(line)}` };
      // A number is believed at once, and the one before it led to nothing.
      const inRow = row?.ok === run.ok && run.value === null;
      const before = inRow ? row.causes.filter(({ at }) => cause.at - at <= STRIKES_SPAN) : [];
      rows.set(check, { ok: run.ok, causes: [...before, cause].slice(-MOST) });
    },
    of: (check) => rows.get(check)?.causes ?? [],
  };
}

/** The check that a line is about, when it is one that moved a verdict. */
export const checkIn = ({ line }: Told): string | null =>
  line.type === "event" && (line.seen.type === "checkReported" || line.seen.type === "checkDue")
    ? line.seen.check
    : null;
