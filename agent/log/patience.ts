// How long anybody waits for a disk.

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
