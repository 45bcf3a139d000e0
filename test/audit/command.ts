// Commands of heird, called in this process.

import { vi } from "vitest";
import { Refusal } from "../../agent/cli/refusal.ts";

/** Runs a command, and gives what it ends with and what it said. */
export async function run(command: () => Promise<number>): Promise<{ code: number; text: string }> {
  let text = "";
  const write = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    return { code: await command(), text };
  } catch (cause) {
    if (cause instanceof Refusal) return { code: cause.code, text: cause.message };
    throw cause;
  } finally {
    write.mockRestore();
  }
}
