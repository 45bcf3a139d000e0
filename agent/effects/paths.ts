// Puts routes and policy rules into the kernel's tables and takes them out again, in small steps.
// Adding one that is there, or removing one that is not, is success.

import { type Path, wordsOf } from "../core/path.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import type { Applied, Work } from "./lane.ts";

/** Paths per netlink burst: a route costs the kernel some 70 µs. */
const BURST = 20;
const EEXIST = 17;
/** What removing something that is not there says: no such route, no such rule, no such interface. */
const ABSENT: ReadonlySet<number> = new Set([3, 2, 19]);

type PathKernel = Pick<Kernel, "addPaths" | "removePaths">;
type Ask = (burst: readonly Path[]) => readonly Outcome[];

export function* addPaths(kernel: PathKernel, paths: readonly Path[]): Work<Applied> {
  const { done, errors } = yield* inBursts(paths, kernel.addPaths, ({ errno }) => errno === EEXIST);
  return { detail: `${done} added`, foreign: [], errors };
}

export function* removePaths(kernel: PathKernel, paths: readonly Path[]): Work<Applied> {
  const { done, errors } = yield* inBursts(paths, kernel.removePaths, ({ errno }) => ABSENT.has(errno));
  return { detail: `${done} removed`, foreign: [], errors };
}

type Failure = Extract<Outcome, { ok: false }>;

function* inBursts(
  paths: readonly Path[],
  ask: Ask,
  isFine: (failure: Failure) => boolean,
): Work<{ done: number; errors: readonly string[] }> {
  const errors: string[] = [];
  let done = 0;
  for (let first = 0; first < paths.length; first += BURST) {
    if (first > 0) yield;
    const burst = paths.slice(first, first + BURST);
    for (const [i, outcome] of ask(burst).entries()) {
      const path = burst[i];
      if (outcome.ok) done += 1;
      else if (path !== undefined && !isFine(outcome)) errors.push(`${wordsOf(path)}: ${outcome.error}`);
    }
  }
  return { done, errors };
}
