// Up while a program ends with 0: vrrp_script.

import { map } from "rxjs";
import type { Answer, CheckConfig, ScriptQuestion } from "../agent/core/check.ts";
import { answer, bad, late, type Probe } from "./check.ts";
import { type Ended, launch } from "./program.ts";

export const script =
  (check: CheckConfig, { program }: ScriptQuestion): Probe =>
  () =>
    launch(program, check.timeout / 1_000).pipe(map((ended) => answerOf(check, ended)));

/** B10.6: too late, ended by a signal and not even started are failures. */
export function answerOf(check: CheckConfig, { exit, timedOut, trouble, tail }: Ended): Answer {
  const more = { exit, output: tail };
  if (trouble !== null) return bad(trouble, more);
  if (timedOut) return late(check, more);
  return answer(exit === 0, typeof exit === "number" ? `exit ${exit}` : `ended by ${exit}`, more);
}
