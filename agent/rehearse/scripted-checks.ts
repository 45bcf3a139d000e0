// Checks of a rehearsal: asked as often as the configuration says, answered as the script says.

import { Observable } from "rxjs";
import type { CheckConfig, Run } from "../core/check.ts";
import { microseconds, milliseconds } from "../core/time.ts";
import type { Driver, Sighting } from "../run.ts";
import type { FakeKernel } from "./fake-kernel.ts";

/** Whether a check answers well. */
export type Answers = (check: string) => boolean;

const NOTHING: readonly CheckConfig[] = [];
const TOOK = milliseconds(1);

/** Asks while the agent runs; a check that a new configuration has no more is asked no more. */
export const scriptedChecks =
  (kernel: Pick<FakeKernel, "now" | "afterwards" | "later">, answers: Answers): Driver =>
  (turns$) =>
    new Observable<Sighting>((subscriber) => {
      let asked = NOTHING;
      const ask = (check: CheckConfig): void => {
        if (!asked.includes(check)) return;
        subscriber.next({ type: "checkReported", check: check.name, run: runOf(check) });
        kernel.afterwards(check.interval, () => ask(check));
      };
      const runOf = ({ name, belief }: CheckConfig): Run => {
        const ok = answers(name);
        return {
          ok,
          value: belief.verdict === "upOrDown" ? null : Number(!ok),
          detail: ok ? "as the script wants it" : "failed, as the script wants it",
          exit: null,
          timedOut: false,
          output: "",
          started: kernel.now(),
          queued: microseconds(0),
          took: TOOK,
          skipped: 0,
        };
      };
      const follow = (wanted: readonly CheckConfig[]): void => {
        const known = asked;
        asked = wanted;
        for (const check of wanted) if (!known.includes(check)) kernel.later(() => ask(check));
      };
      const turns = turns$.subscribe(({ state }) => {
        const wanted = state.running ? state.config.checks : NOTHING;
        if (wanted !== asked) follow(wanted);
      });
      return () => {
        turns.unsubscribe();
        asked = NOTHING;
      };
    });
