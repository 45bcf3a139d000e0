// Reads a configuration aside: in a thread of its own, because fifty instances take tens of
// milliseconds to read, and adverts go out every hundred.
//
// The thread runs this very file. It starts within half a millisecond of the main thread's time, which
// is a tenth of what starting a process takes; and it is SCHED_OTHER, whatever the main thread is.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Diagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import type { AgentConfig } from "../core/config.ts";
import { discreet } from "./discreet.ts";

export type Source = { readonly file: string; readonly configId: string | undefined };
export type Read = { readonly config: AgentConfig | null; readonly diagnostics: readonly Diagnostic[] };

/** Marks the thread as ours; whoever else imports this file in a thread does not set it off. */
const ROLE = "heird reads a configuration";

/** Longer than this no file takes; a bomb that the limits of the language let through ends here. */
const PATIENCE = 60_000;
const MEMORY_MIB = 1_024;

/** Reads a file as `heird check` does, and tells no password of it but in the configuration. Rejects with a sentence when it takes more time or memory than any file should. */
export function loadAside(source: Source): Promise<Read> {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { role: ROLE, source },
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
  return new Promise<Read>((resolve, reject) => {
    const impatience = setTimeout(
      () => reject(new Error(`${source.file} was not read within ${PATIENCE / 1_000} s`)),
      PATIENCE,
    );
    worker.once("message", (read: Read) => resolve(read));
    worker.once("error", (cause) =>
      reject(new Error(`${source.file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)),
    );
    worker.once("exit", () => {
      clearTimeout(impatience);
      reject(new Error(`${source.file} cannot be read: the thread that reads it ended`)); // too late after a message
    });
  }).finally(() => void worker.terminate());
}

function readHere({ file, configId }: Source): Read {
  const { config, diagnostics, files } = loadConfig(file, configId === undefined ? {} : { configId });
  return { config, diagnostics: discreet(diagnostics, files) };
}

type Data = { readonly role: string; readonly source: Source };
const data: Data | null = workerData;
if (!isMainThread && data?.role === ROLE) parentPort?.postMessage(readHere(data.source));
