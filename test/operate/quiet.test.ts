import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Instant, instantAt } from "../../agent/core/time.ts";
import { whenQuiet } from "../../agent/daemon/quiet.ts";

test("nothing is begun when a deadline is near, and everything is done when none is", async () => {
  let done = 0;
  let looks = 0;
  let deadline: Instant | null = instantAt(1_019_999);
  function* pieces(): Iterator<void> {
    while (done < 3) {
      done += 1;
      yield;
    }
  }
  whenQuiet(
    pieces(),
    () => {
      looks += 1;
      return deadline;
    },
    () => instantAt(1_000_000),
  );
  while (looks < 3) await sleep(1);
  expect(done).toBe(0);
  // 20 ms away.
  deadline = instantAt(1_020_000);
  while (done < 3) await sleep(1);
  deadline = null;
  expect(done).toBe(3);
});
