// What every kind of check is: something that asks once, again and again, or something that tells by itself.

import { Observable, type Subscription } from "rxjs";
import type { Answer, CheckConfig, Run } from "../agent/core/check.ts";
import { type Instant, inSeconds, microseconds, since } from "../agent/core/time.ts";
import type { Turns } from "./turns.ts";

/** Asks once. Emits one answer, and completes when nothing of the asking is left; unsubscribing ends it early. */
export type Probe = () => Observable<Answer>;

/** Time, and who begins when. */
export type Rhythm = {
  readonly now: () => Instant;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly turns: Turns;
};

export const answer = (ok: boolean, detail: string, more: Partial<Answer> = {}): Answer => ({
  ok,
  value: null,
  detail,
  exit: null,
  timedOut: false,
  output: "",
  ...more,
});

export const good = (detail: string, more: Partial<Answer> = {}): Answer => answer(true, detail, more);
export const bad = (detail: string, more: Partial<Answer> = {}): Answer => answer(false, detail, more);

/** No answer in time. */
export const late = ({ timeout }: CheckConfig, more: Partial<Answer> = {}): Answer =>
  bad(`no answer within ${inSeconds(timeout)}`, { timedOut: true, ...more });

/** What an error says, without the figures that change from run to run. */
export function failed(cause: unknown): Answer {
  const error = cause instanceof AggregateError ? cause.errors[0] : cause;
  return bad(error instanceof Error ? error.message || error.name : String(error));
}

const ms = (us: number): number => us / 1_000;

/**
 * Asks every `interval`, counted from the first asking. A probe that is still busy is not asked a
 * second time, which is counted; late and broken answers are failures.
 */
export const periodically = (check: CheckConfig, probe: Probe, { now, random, turns }: Rhythm): Observable<Run> =>
  new Observable((subscriber) => {
    let leave: (() => void) | null = null;
    let running: Subscription | null = null;
    let skipped = 0;
    const done = (): void => {
      running = null;
      leave?.();
      leave = null;
    };
    const begin = (due: Instant): void => {
      const left = skipped;
      skipped = 0;
      const tell = (run: Run): void => subscriber.next({ ...run, queued: since(due, run.started), skipped: left });
      let over = false;
      const subscription = once(check, probe, now).subscribe({
        next: tell,
        complete: () => {
          over = true;
          done();
        },
      });
      running = over ? null : subscription;
    };
    const ask = (): void => {
      if (leave !== null) skipped += 1;
      else {
        const due = now();
        // Called at once when nobody waits: then `leave` is there only afterwards.
        let gone = false;
        leave = () => {
          gone = true;
        };
        const back = turns.enter(isProgram(check), () => begin(due));
        if (gone) back();
        else leave = back;
      }
    };
    const jitters = new Set<NodeJS.Timeout>();
    const tick = (): void => {
      if (check.jitter === 0) {
        ask();
        return;
      }
      const timer = setTimeout(
        () => {
          jitters.delete(timer);
          ask();
        },
        ms(random() * check.jitter),
      );
      jitters.add(timer);
    };
    const clock = setInterval(tick, ms(check.interval));
    tick();
    return () => {
      clearInterval(clock);
      for (const timer of jitters) clearTimeout(timer);
      running?.unsubscribe();
      leave?.();
    };
  });

const isProgram = ({ question }: CheckConfig): boolean =>
  question.kind === "script" || (question.kind === "metric" && question.number.kind === "script");

/** One run, which always has one answer. Whoever runs it for a person sees what the daemon sees. */
export const once = (check: CheckConfig, probe: Probe, now: () => Instant): Observable<Run> =>
  new Observable((subscriber) => {
    const started = now();
    let told = false;
    const tell = (said: Answer): void => {
      if (told) return;
      told = true;
      clearTimeout(impatience);
      const took = since(started, now());
      subscriber.next({ ...punctual(check, said, took), started, queued: microseconds(0), took, skipped: 0 });
    };
    const end = (): void => {
      tell(bad("no answer at all"));
      subscriber.complete();
    };
    const impatience = setTimeout(
      () => {
        tell(late(check));
        subscriber.complete();
      },
      ms(check.timeout) + (isProgram(check) ? GRACE : 0),
    );
    const asking = begun(probe).subscribe({
      next: tell,
      error: (cause: unknown) => {
        tell(failed(cause));
        subscriber.complete();
      },
      complete: end,
    });
    return () => {
      clearTimeout(impatience);
      asking.unsubscribe();
    };
  });

/** Programs look after their own time, and tell what they said until then; in ms. */
const GRACE = 1_000;

function begun(probe: Probe): Observable<Answer> {
  try {
    return probe();
  } catch (cause) {
    return new Observable((subscriber) => subscriber.error(cause));
  }
}

/** A good answer that took too long is none. */
function punctual({ latency, question }: CheckConfig, said: Answer, took: number): Answer {
  // Of several echoes each has a time of its own.
  if (!said.ok || question.kind === "ping" || latency === null || took <= latency) return said;
  return { ...said, ok: false, detail: `good, but slower than ${inSeconds(latency)}` };
}

/** An answer that is promised. The signal ends the asking when nobody waits for it any more. */
export const promised = (ask: (signal: AbortSignal) => Promise<Answer>): Observable<Answer> =>
  new Observable((subscriber) => {
    const ending = new AbortController();
    ask(ending.signal).then(
      (said) => {
        subscriber.next(said);
        subscriber.complete();
      },
      (cause: unknown) => subscriber.error(cause),
    );
    return () => ending.abort();
  });
