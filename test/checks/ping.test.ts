// Echoes: how many must come back, how soon, and what is said when they do not.

import { firstValueFrom } from "rxjs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { CheckConfig } from "../../agent/core/check.ts";
import { milliseconds, seconds } from "../../agent/core/time.ts";
import { ping } from "../../checks/ping.ts";
import { check } from "./ask.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One run over a second; the i-th echo comes back after so many ms, or never. */
async function asked(count: number, loss: number, back: readonly (number | null)[], wanted: Partial<CheckConfig> = {}) {
  const question = { kind: "ping", host: "192.0.2.1", count, loss } as const;
  let sent = 0;
  const sendEcho = (_: unknown, echoed: () => void) => {
    const after = back[sent++] ?? null;
    if (after !== null) setTimeout(echoed, after);
    return { ok: true, forget: () => {} } as const;
  };
  const probe = ping(check(question, { timeout: seconds(1), ...wanted }), question, { sendEcho });
  const answer = firstValueFrom(probe());
  await vi.advanceTimersByTimeAsync(1_000);
  return answer;
}

test("as many must come back as may not be lost: of 4 with 50 per cent, 2", async () => {
  expect(await asked(4, 50, [null, 10, null, 10])).toMatchObject({ ok: true, detail: "at least 2 of 4 echoed" });
  expect(await asked(4, 50, [null, 10, null, null])).toMatchObject({ ok: false, detail: "fewer than 2 of 4 echoed" });
});

test("a share is rounded in favour of asking for more: of 4 with 49 per cent, 3", async () => {
  expect(await asked(4, 49, [10, 10, null, null])).toMatchObject({ ok: false, detail: "fewer than 3 of 4 echoed" });
  expect(await asked(4, 49, [10, 10, 10, null])).toMatchObject({ ok: true });
});

test("one that is slower than latency is as good as lost", async () => {
  const latency = milliseconds(50);
  expect(await asked(1, 0, [50], { latency })).toMatchObject({ ok: true, detail: "echoed" });
  expect(await asked(1, 0, [51], { latency })).toMatchObject({
    ok: false,
    detail: "no answer within 1s",
    timedOut: true,
  });
});
