// The routes and rules of a fake kernel: who lays them, who takes them away, and who is told.

import { type Path, wordsOf } from "../core/path.ts";
import type { Instant } from "../core/time.ts";
import type { Kernel, Outcome } from "../kernel.ts";
import { DONE, failure } from "./fake-outcome.ts";

type Guard = Parameters<Kernel["watchPaths"]>[0];
type Change = "addPath" | "removePath";

export type PathDeed = { readonly type: Change; readonly at: Instant; readonly paths: readonly Path[] };

/** What it needs of the kernel: to write down what was done, and whether it may be. */
type Orders = {
  readonly record: (deed: PathDeed) => void;
  readonly forbidden: (iface: string | null, what: Change) => Outcome | null;
};

/** What a test does to routes and rules. */
export type FakePaths = Pick<Kernel, "addPaths" | "removePaths" | "watchPaths"> & {
  /** Somebody else removes one. */
  readonly tear: (path: Path) => void;
  readonly isLaid: (path: Path) => boolean;
  /** They go with what they lie on: with an interface, or with the power. Nobody is named for it. */
  readonly forgetPaths: (which: (path: Path) => boolean) => void;
  /** Whether anybody watches. */
  readonly watched: () => boolean;
};

export function fakePaths(
  { record, forbidden }: Orders,
  later: (step: () => void) => void,
  now: () => Instant,
): FakePaths {
  const laid = new Map<string, Path>();
  const guards = new Set<Guard>();

  const tellAll = (gone: readonly Path[], by: string): void => {
    for (const guard of [...guards]) guard(gone, () => by);
  };
  const bend = (path: Path, type: Change): Outcome => {
    const refused = forbidden(path.kind === "route" ? path.interface : null, type);
    if (refused !== null) return refused;
    if (type === "removePath") return laid.delete(wordsOf(path)) ? DONE : failure(path.kind === "route" ? 3 : 2);
    if (laid.has(wordsOf(path))) return failure(17);
    laid.set(wordsOf(path), path);
    return DONE;
  };
  const all = (type: Change, paths: readonly Path[]): readonly Outcome[] => {
    const outcomes = paths.map((path) => bend(path, type));
    if (outcomes.some(({ ok }) => ok))
      record({ type, at: now(), paths: paths.filter((_, i) => outcomes[i]?.ok === true) });
    return outcomes;
  };
  return {
    addPaths: (paths) => all("addPath", paths),
    removePaths: (paths) => all("removePath", paths),
    watchPaths: (guard) => {
      guards.add(guard);
      return () => void guards.delete(guard);
    },
    watched: () => guards.size > 0,
    isLaid: (path) => laid.has(wordsOf(path)),
    forgetPaths: (which) => {
      const gone = [...laid.values()].filter(which);
      for (const path of gone) laid.delete(wordsOf(path));
      if (gone.length > 0) later(() => tellAll(gone, ""));
    },
    tear: (path) => {
      if (!laid.delete(wordsOf(path))) throw new Error(`there is no ${wordsOf(path)}`);
      later(() => tellAll([path], "ip (pid 4711)"));
    },
  };
}
