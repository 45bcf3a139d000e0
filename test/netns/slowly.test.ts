// How long a thread had to wait for a processor, as the kernel counts it.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);

test("knows of the kernel how long it waited for a processor that others want", async () => {
  const hogs: ChildProcess[] = [];
  onTestFinished(() => {
    for (const hog of hogs) hog.kill();
  });
  const pinned = ["-c", "0", process.execPath];
  for (let i = 0; i < 2; i++) hogs.push(spawn("taskset", [...pinned, "-e", "for (;;);"], { stdio: "ignore" }));
  const code = `import { waitingHere } from ${JSON.stringify(join(ROOT, "dist/agent/daemon/slowly.js"))};
    const waited = waitingHere();
    waited();
    for (const end = Date.now() + 300; Date.now() < end; );
    const busy = waited();
    console.log(busy, waited());`;
  const { stdout } = await run("taskset", [...pinned, "--input-type=module", "-e", code]);
  const [busy = 0, again = 0] = stdout.split(" ").map(Number);
  // A third of 300 ms is ours, or less; an eighth of the rest is proof enough.
  expect(busy).toBeGreaterThan(25_000);
  // It is counted since the last time.
  expect(again).toBeLessThan(busy);
});
