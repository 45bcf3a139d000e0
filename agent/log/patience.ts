// How long anybody waits, for a disk or for its turn.

/** Waits for something, but no longer than so many ms, and keeps the process alive as long. */
export function within(ms: number, something: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    something.then(done, done);
  });
}

export type Spell = { readonly rest: (ms: number) => Promise<void>; readonly end: () => void };

/** A rest that can be ended before its time. */
export function createSpell(): Spell {
  let end = (): void => undefined;
  return {
    rest: (ms: number): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: (): void => end(),
  };
}
