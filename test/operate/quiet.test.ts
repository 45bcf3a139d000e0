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

test("where somebody is always due soon, what is to be done is done nearer to them after a while", async () => {
  let done = 0;
  let looks = 0;
  let now = instantAt(1_000_000);
  let distance = 10_000;
  function* pieces(): Iterator<void> {
    while (done < 1) {
      done += 1;
      yield;
    }
  }
  const near = (): Instant => {
    looks += 1;
    return instantAt(now + distance);
  };
  const lookedAgain = async (): Promise<void> => {
    for (const before = looks; looks < before + 2; ) await sleep(1);
  };
  whenQuiet(pieces(), near, () => now);
  // 10 ms are no 20 ms;
  now = instantAt(1_499_999);
  await lookedAgain();
  expect(done).toBe(0);
  // half a second later 6 ms are far enough, and 5.999 ms are not;
  now = instantAt(1_500_000);
  distance = 5_999;
  await lookedAgain();
  expect(done).toBe(0);
  // ten seconds later everything is that is not right now.
  now = instantAt(11_000_000);
  distance = 999;
  await lookedAgain();
  expect(done).toBe(0);
  distance = 1_000;
  while (done < 1) await sleep(1);
  expect(done).toBe(1);
});
