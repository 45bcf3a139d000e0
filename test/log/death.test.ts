// SIGKILL at any moment: what the writer said it had appended is in the log afterwards.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { recover, segmentsOf } from "../../agent/log/recover.ts";
import { scratch, until } from "./scratch.ts";
import { writers } from "./writer.ts";

const { directory, clear } = scratch();
const processes = writers();
/** The copy lies in memory, as in production. */
const memory = mkdtempSync(join(process.platform === "linux" ? "/dev/shm" : tmpdir(), "heird-log-"));
afterAll(() => {
  clear();
  processes.close();
  rmSync(memory, { recursive: true });
});

/** Writes in bursts, and says each number only after the line was handed over. */
const writing = (at: string, ahead: string): string => `
const { write } = open(${JSON.stringify(at)}, ${JSON.stringify(ahead)}, 64 << 20);
for (;;) {
  for (let i = 0; i < 20; i++) say(String(write()));
  await new Promise((resolve) => setImmediate(resolve));
}`;

describe("a writer that is killed", () => {
  it("has left everything it said, again and again in one log", async () => {
    const at = directory();
    const ahead = join(memory, "copy");
    let rescued = 0;
    for (let life = 1; life <= 8; life++) {
      const writer = processes.start(writing(at, ahead));
      await until("it writes", () => writer.said().length > 50 * life);
      // Not at the same place in its loop each time.
      await new Promise((resolve) => setTimeout(resolve, (life * 7) % 30));
      writer.process.kill("SIGKILL");
      const { errors } = await writer.ended;
      expect(errors).toBe("");
      const lastSaid = Number(writer.said().at(-1));
      const found = recover(at, ahead);
      rescued += found.rescued;
      expect(found.last.seq).toBeGreaterThanOrEqual(lastSaid);
      const { lines, flaws } = readLog(at);
      expect(flaws).toEqual([]);
      expect(lines.at(-1)?.seq).toBe(found.last.seq);
      expect(lines).toHaveLength(found.last.seq + 1);
      expect(lines.filter((line) => line.type === "header" && line.start)).toHaveLength(life);
    }
    // Without the copy some of it would be missing, or this proves nothing about it.
    expect(rescued).toBeGreaterThan(0);
    expect(segmentsOf(at).length).toBeGreaterThan(8);
  });
});
