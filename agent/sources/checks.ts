// What the configuration checks, as observations: asked here or in a process of its own.

import { Observable, type Subscription } from "rxjs";
import { type Means, PLACES, watch } from "../../checks/watch.ts";
import type { CheckConfig, Run } from "../core/check.ts";
import type { Kernel } from "../kernel.ts";
import type { Driver, Sighting } from "../run.ts";

/** The process in which checks are asked that may stop whoever asks them. */
export type Asker = {
  /** All checks that are asked there from now on. */
  readonly ask: (checks: readonly CheckConfig[]) => void;
  readonly touched: (pids: readonly number[] | null) => void;
  readonly close: () => void;
};

export type Askers = {
  readonly means: Means;
  readonly kernel: Pick<Kernel, "watchProcesses">;
  readonly openAsker: (told: (told: { readonly name: string; readonly run: Run }) => void) => Asker;
  /** Told what people should know about the asking itself. */
  readonly warn: (sentence: string) => void;
};

const NOTHING: readonly CheckConfig[] = [];

/** Asks while the agent runs; follows the configuration, and leaves alone what stays as it is. */
export const checks =
  ({ means, kernel, openAsker, warn }: Askers): Driver =>
  (turns$) =>
    new Observable<Sighting>((subscriber) => {
      const tell = (check: string, run: Run): void => subscriber.next({ type: "checkReported", check, run });
      const asker = openAsker(({ name, run }) => tell(name, run));
      const here = createHere(means, tell);
      let asked: readonly CheckConfig[] = NOTHING;
      let unwatch: (() => void) | null = null;

      const follow = (wanted: readonly CheckConfig[]): void => {
        asked = wanted;
        asker.ask(wanted.filter(({ question }) => PLACES[question.kind] === "aside"));
        here(wanted.filter(({ question }) => PLACES[question.kind] === "here"));
        const counting = wanted.some(({ question }) => question.kind === "process");
        if (counting && unwatch === null) unwatch = attend();
      };
      /** Without the kernel's events the look once a second remains. */
      const attend = (): (() => void) => {
        const begun = kernel.watchProcesses((pids) => asker.touched(pids));
        if (begun.ok) return begun.forget;
        warn(`the kernel does not tell of processes here (${begun.error}); /proc is read once a second instead`);
        return () => {};
      };
      const turns = turns$.subscribe(({ state }) => {
        const wanted = state.running ? state.config.checks : NOTHING;
        if (wanted !== asked) follow(wanted);
      });
      return () => {
        turns.unsubscribe();
        unwatch?.();
        here(NOTHING);
        asker.close();
      };
    });

/** Keeps those going that are wanted as they are, and no other. */
function createHere(means: Means, tell: (check: string, run: Run) => void) {
  const running = new Map<string, { readonly text: string; readonly asking: Subscription }>();
  return (wanted: readonly CheckConfig[]): void => {
    const texts = new Map(wanted.map((check) => [check.name, JSON.stringify(check)]));
    for (const [name, { text, asking }] of [...running]) {
      if (texts.get(name) === text) continue;
      running.delete(name);
      asking.unsubscribe();
    }
    for (const check of wanted) {
      if (running.has(check.name)) continue;
      const asking = watch(check, means).subscribe((run) => tell(check.name, run));
      running.set(check.name, { text: JSON.stringify(check), asking });
    }
  };
}
