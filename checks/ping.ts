// Up while enough echoes come back, in time.

import { Observable } from "rxjs";
import type { Answer, CheckConfig, PingQuestion } from "../agent/core/check.ts";
import type { Kernel } from "../agent/kernel.ts";
import { addressesOf } from "../agent/web/lookup.ts";
import { bad, good, late, type Probe } from "./check.ts";

/** Between two echoes of one run, in ms, where the timeout leaves room for it. */
const GAP = 200;

export const ping =
  (check: CheckConfig, question: PingQuestion, port: Pick<Kernel, "sendEcho">): Probe =>
  () =>
    new Observable<Answer>((subscriber) => {
      const { count } = question;
      const ending = new AbortController();
      const timers: NodeJS.Timeout[] = [];
      const patience = check.timeout / 1_000;
      const tell = (said: Answer): void => {
        subscriber.next(said);
        subscriber.complete();
      };
      const echoes = createEchoes(check, question, port, tell);
      const begin = (address: string): void => {
        const gap = Math.min(GAP, patience / 2 / count);
        for (let i = 1; i < count; i++) timers.push(setTimeout(echoes.send, gap * i, address));
        echoes.send(address);
      };
      timers.push(setTimeout(() => tell(late(check, echoes.missing())), patience));
      addressesOf(question.host, ending.signal).then(
        ([first]) => {
          if (!subscriber.closed && first !== undefined) begin(first.address);
        },
        (cause: unknown) => subscriber.error(cause),
      );
      return () => {
        ending.abort();
        for (const timer of timers) clearTimeout(timer);
        echoes.forget();
      };
    });

/** Sends echoes, and tells as soon as enough of them are back. */
function createEchoes(
  { device, source, latency }: CheckConfig,
  { count, loss }: PingQuestion,
  port: Pick<Kernel, "sendEcho">,
  tell: (said: Answer) => void,
) {
  const forgets: (() => void)[] = [];
  const enough = count - Math.floor((count * loss) / 100);
  let back = 0;
  const send = (address: string): void => {
    const sent = performance.now();
    const outcome = port.sendEcho({ address, device, source }, () => {
      // One that came too late is as good as lost.
      if (latency !== null && performance.now() - sent > latency / 1_000) return;
      back += 1;
      if (back === enough) tell(good(count === 1 ? "echoed" : `at least ${enough} of ${count} echoed`));
    });
    if (outcome.ok) forgets.push(outcome.forget);
    else tell(bad(outcome.error));
  };
  return {
    send,
    missing: (): Partial<Answer> => (count === 1 ? {} : { detail: `fewer than ${enough} of ${count} echoed` }),
    forget: (): void => {
      for (const forget of forgets) forget();
    },
  };
}
