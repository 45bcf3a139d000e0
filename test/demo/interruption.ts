// Ctrl-C and its relatives: whoever waits is told at once, so that the demo unwinds in the ordinary way
// with no command half done. The second one does not ask any more.

export type Interruption = {
  /** The exit code that says what interrupted us; null as long as nothing did. */
  readonly code: () => number | null;
  /** The outcome of some waiting, or a rejection as soon as we are interrupted. */
  readonly unless: <T>(waiting: Promise<T>) => Promise<T>;
};

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
/** What a shell reports for a program whose reader has gone. */
const NOBODY_READS = 141;

/** Listens for signals, and for a reader of our output that goes away. */
export function listenForInterruption(): Interruption {
  let code: number | null = null;
  let reject: (cause: Error) => void = () => undefined;
  const interrupted = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  interrupted.catch(() => undefined); // nobody may be waiting at that moment
  const interrupt = (by: number): void => {
    code ??= by;
    reject(new Error("interrupted"));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (code === null) interrupt(CODES[signal]);
      else process.exit(code);
    });
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => interrupt(NOBODY_READS));
  return { code: () => code, unless: (waiting) => Promise.race([interrupted, waiting]) };
}
