// Something people can mend: one line with cause and remedy, and the exit code that goes with it.

/** Exit codes, the same for every command. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  unreachable: 3,
  config: 4,
  strict: 5,
  refused: 6,
  /** What was waited for has not come. */
  timeout: 7,
  /** A log whose chain does not hold. */
  tampered: 20,
  /** A log that owns up to missing lines. */
  gap: 21,
  /** Too little is there to tell: trimmed, or nothing. */
  unknown: 22,
  /** The Redis. */
  redis: 23,
} as const;

/** Thrown where a command cannot go on and nothing has been changed yet. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Also one of a command, which is put together apart from main.ts and has this class once more. */
export const isRefusal = (cause: unknown): cause is Refusal => cause instanceof Error && cause.name === "Refusal";
