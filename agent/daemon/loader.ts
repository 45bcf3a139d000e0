// Reads configurations aside: in a thread of its own, because fifty instances take tens of
// milliseconds to read, and adverts go out every hundred.
//
// The thread runs this very file, is started with the daemon, when its routers have begun, and stays. To start a thread or a process
// at each reload takes locks of the whole process in an ordinary priority: on a machine with three busy
// neighbours the real-time main thread then waited up to 99 ms for them, and 15 ms with this one.

import { setFlagsFromString } from "node:v8";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Diagnostic } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { machineOfDaemon } from "../../config/machine.ts";
import type { AgentConfig, RouterConfig } from "../core/config.ts";
import type { Instant } from "../core/time.ts";
import { REDACTED, redactConfig } from "../log/redact.ts";
import { discreet } from "./discreet.ts";
import { HURRY_FLAG, UNHURRIED_FLAG } from "./flags.ts";
import { inSlices } from "./quiet.ts";
import { collect, keepYoungSmall } from "./young.ts";

export type Source = { readonly file: string; readonly configId: string | undefined };
export type Read = {
  readonly config: AgentConfig | null;
  /** The configuration as the log has it, which knows no passwords; empty where there is none. */
  readonly words: string;
  readonly diagnostics: readonly Diagnostic[];
};

export type Loader = {
  /**
   * Reads a file as `heird check` does, and tells no password of it but in the configuration. Rejects
   * with a sentence when it takes more time or memory than any file should.
   */
  readonly read: (source: Source) => Promise<Read>;
  /** Starts the thread, unless there is one. */
  readonly prepare: () => void;
};

/** Marks the thread as ours; whoever else imports this file in a thread does not set it off. */
const ROLE = "heird reads configurations";

/** Longer than this no file takes; a bomb that the limits of the language let through ends here. */
const PATIENCE = 60_000;
const MEMORY_MIB = 1_024;

/**
 * The code of the reader is run once in a long while, cold: to optimize it on the way takes V8 longer than it saves, and
 * takes the processor of others. A file that takes longer than this, in ms, is long enough for it to be worth it.
 */
const HURRY = 150;
/** When what a reading has left behind is collected, in ms: nobody waits any more. */
const COLLECTS_AFTER = 2_000;

type Waiting = {
  readonly resolve: (told: Telling) => void;
  readonly reject: (cause: Error) => void;
  readonly impatience: NodeJS.Timeout;
};

/** A configuration as JSON, which each router is a piece of: they are read one by one, while adverts go out. */
type Pieces = { readonly before: string; readonly routers: readonly string[]; readonly after: string };

/**
 * What was read goes from thread to thread in words: to take objects over keeps the main thread for three times as
 * long, and of all but passwords it is what the log wants to have.
 */
export type Telling = {
  /** Null when it cannot be used. */
  readonly words: Pieces | null;
  /** The configuration, where that is not what `words` say. */
  readonly config: Pieces | null;
  readonly diagnostics: string;
};
type Answer = { readonly id: number; readonly told: Telling };
type Question = { readonly id: number; readonly source: Source };

/** A thread that dies over a file is replaced when the next one is read. `key` is that of the log, for its fingerprints. */
export function openLoader(key: string, now: () => Instant): Loader {
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
      workerData: { role: ROLE, key },
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
    worker.on("message", ({ id, told }: Answer) => settle(id, ({ resolve }) => resolve(told)));
    worker.on("error", (cause: unknown) =>
      lose(worker, `the configuration cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`),
    );
    worker.on("exit", () => lose(worker, "the configuration cannot be read: the thread that reads it ended"));
    return worker;
  };

  const prepare = (): Worker => {
    thread ??= start();
    return thread;
  };
  return {
    prepare,
    read: async (source) => {
      // A thread that begins takes what was compiled for it, which is for other flags.
      const over = thread === null ? null : hurry();
      const told = await new Promise<Telling>((resolve, reject) => {
        const worker = prepare();
        const id = ids++;
        const give = (): void => lose(worker, `${source.file} was not read within ${PATIENCE / 1_000} s`);
        waiting.set(id, { resolve, reject, impatience: setTimeout(give, PATIENCE) });
        worker.postMessage({ id, source } satisfies Question);
      }).finally(over);
      const { pieces, read } = readIn(told);
      await inSlices(pieces, now);
      return read();
    },
  };
}

/** Has V8 optimize nothing, until it is called off or has lasted for long enough. */
function hurry(): () => void {
  setFlagsFromString(HURRY_FLAG);
  const over = (): void => {
    clearTimeout(patience);
    setFlagsFromString(UNHURRIED_FLAG);
  };
  const patience = setTimeout(over, HURRY).unref();
  return over;
}

function readHere({ file, configId }: Source): Omit<Read, "words"> {
  const { config, diagnostics, files } = loadConfig(file, {
    host: machineOfDaemon,
    ...(configId === undefined ? {} : { configId }),
  });
  return { config, diagnostics: discreet(diagnostics, files) };
}

/** The key of the routers stays where it was among the others. */
function inPieces(config: AgentConfig): Pieces {
  const keys = Object.entries(config);
  const at = keys.findIndex(([key]) => key === "routers");
  const before = JSON.stringify(Object.fromEntries(keys.slice(0, at))).slice(0, -1);
  const after = JSON.stringify(Object.fromEntries(keys.slice(at + 1))).slice(1);
  return {
    before: `${before}${before === "{" ? "" : ","}"routers":[`,
    routers: config.routers.map((router) => JSON.stringify(router)),
    after: `]${after === "}" ? "" : ","}${after}`,
  };
}

const joined = ({ before, routers, after }: Pieces): string => `${before}${routers.join()}${after}`;

/** What was read, in words. */
export function tellingOf({ config, diagnostics }: Omit<Read, "words">, key: string): Telling {
  const problems = JSON.stringify(diagnostics);
  if (config === null) return { words: null, config: null, diagnostics: problems };
  const words = inPieces(redactConfig(config, key));
  const secret = [words.before, ...words.routers, words.after].some((piece) => piece.includes(REDACTED));
  return { words, config: secret ? inPieces(config) : null, diagnostics: problems };
}

/** Takes it over a router at a time: `read` gives what it is when all pieces are done. */
export function readIn({ words, config, diagnostics }: Telling): {
  readonly pieces: IterableIterator<void>;
  readonly read: () => Read;
} {
  const said = config ?? words;
  const routers: RouterConfig[] = [];
  function* pieces(): IterableIterator<void> {
    for (const router of said?.routers ?? []) yield void routers.push(JSON.parse(router));
  }
  const read = (): Read => ({
    config: said === null ? null : { ...JSON.parse(`${said.before}${said.after}`), routers },
    words: words === null ? "" : joined(words),
    diagnostics: JSON.parse(diagnostics),
  });
  return { pieces: pieces(), read };
}

const data: { readonly role: string; readonly key: string } | null = workerData;
if (!isMainThread && data?.role === ROLE) {
  const { key } = data;
  let collecting: NodeJS.Timeout | undefined;
  parentPort?.on("message", ({ id, source }: Question) => {
    parentPort?.postMessage({ id, told: tellingOf(readHere(source), key) } satisfies Answer);
    clearTimeout(collecting);
    collecting = setTimeout(collect, COLLECTS_AFTER);
  });
}
