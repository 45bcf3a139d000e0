// Reads configurations aside: in a thread of its own, because fifty instances take tens of
// milliseconds to read, and adverts go out every hundred.
//
// The thread runs this very file, is started with the daemon and stays. To start a thread or a process
// at each reload takes locks of the whole process in an ordinary priority: on a machine with three busy
// neighbours the real-time main thread then waited up to 99 ms for them, and 15 ms with this one.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Diagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { machineOfDaemon } from "../../config/machine.ts";
import type { AgentConfig } from "../core/config.ts";
import { discreet } from "./discreet.ts";
import { practise } from "./practice.ts";
import { keepYoungSmall } from "./young.ts";

export type Source = { readonly file: string; readonly configId: string | undefined };
export type Read = { readonly config: AgentConfig | null; readonly diagnostics: readonly Diagnostic[] };

export type Loader = {
  /**
   * Reads a file as `heird check` does, and tells no password of it but in the configuration. Rejects
   * with a sentence when it takes more time or memory than any file should.
   */
  readonly read: (source: Source) => Promise<Read>;
};

/** Marks the thread as ours; whoever else imports this file in a thread does not set it off. */
const ROLE = "heird reads configurations";

/** Longer than this no file takes; a bomb that the limits of the language let through ends here. */
const PATIENCE = 60_000;
const MEMORY_MIB = 1_024;

type Waiting = {
  readonly resolve: (read: Read) => void;
  readonly reject: (cause: Error) => void;
  readonly impatience: NodeJS.Timeout;
};
type Answer = { readonly id: number; readonly read: Read };

/** Starts the thread. One that dies over a file is replaced when the next one is read. */
export function openLoader(): Loader {
  const waiting = new Map<number, Waiting>();
  let ids = 0;
  let thread: Worker | null = null;

  const settle = (id: number, how: (one: Waiting) => void): void => {
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    clearTimeout(one.impatience);
    how(one);
  };
  /** Whoever waits for a thread that is gone would wait for ever. */
  const lose = (worker: Worker, why: string): void => {
    if (thread !== worker) return;
    thread = null;
    void worker.terminate();
    for (const id of [...waiting.keys()]) settle(id, ({ reject }) => reject(new Error(why)));
  };
  const start = (): Worker => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { role: ROLE },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
    });
    worker.unref();
    // Somewhere between here and there the thread gets its heap.
    const beat = setInterval(keepYoungSmall, 1);
    beat.unref();
    const begun = (): void => {
      clearInterval(beat);
      keepYoungSmall();
    };
    worker.once("online", begun);
    worker.once("exit", begun);
    worker.on("message", ({ id, read }: Answer) => settle(id, ({ resolve }) => resolve(read)));
    worker.on("error", (cause: unknown) =>
      lose(worker, `the configuration cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`),
    );
    worker.on("exit", () => lose(worker, "the configuration cannot be read: the thread that reads it ended"));
    return worker;
  };

  thread = start();
  return {
    read: (source) =>
      new Promise((resolve, reject) => {
        const worker = thread ?? start();
        thread = worker;
        const id = ids++;
        const give = (): void => lose(worker, `${source.file} was not read within ${PATIENCE / 1_000} s`);
        waiting.set(id, { resolve, reject, impatience: setTimeout(give, PATIENCE) });
        worker.postMessage({ id, source });
      }),
  };
}

function readHere({ file, configId }: Source): Read {
  const { config, diagnostics, files } = loadConfig(file, {
    host: machineOfDaemon,
    ...(configId === undefined ? {} : { configId }),
  });
  return { config, diagnostics: discreet(diagnostics, files) };
}

/** Practice begins when the routers have begun, in ms, and leaves the processor to others between its pieces. */
const PRACTICE_BEGINS = 300;
const REST = 1;

/** Whoever asks meanwhile is answered between two pieces. */
function practiseSlowly(): void {
  const pieces = practise();
  const next = (): void => {
    if (pieces.next().done !== true) setTimeout(next, REST);
  };
  setTimeout(next, PRACTICE_BEGINS);
}

const data: { readonly role: string } | null = workerData;
if (!isMainThread && data?.role === ROLE) {
  practiseSlowly();
  parentPort?.on("message", ({ id, source }: { readonly id: number; readonly source: Source }) => {
    parentPort?.postMessage({ id, read: readHere(source) } satisfies Answer);
  });
}
