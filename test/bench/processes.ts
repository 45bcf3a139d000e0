// What processes cost, as the kernel counts it: a daemon with everything it has started.

import { readdirSync, readFileSync } from "node:fs";

/** What is in a file below /proc; empty when its process has ended. */
export function textOf(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

const parentOf = (pid: number): number => {
  const stat = textOf(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
};

/** A process and all its descendants. */
export function familyOf(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync("/proc")
      .map(Number)
      .filter((other) => other > 0)
      .map((other) => [other, parentOf(other)]),
  );
  const descends = (other: number): boolean => {
    for (let at: number | undefined = other; at !== undefined && at > 1; at = parents.get(at))
      if (at === pid) return true;
    return false;
  };
  return [...parents.keys()].filter(descends);
}

/** Nanoseconds on a processor so far, of every thread of the family, kernel included. */
export function processorTime(pid: number): number {
  let sum = 0;
  for (const member of familyOf(pid)) {
    for (const thread of threadsOf(member))
      sum += Number(textOf(`/proc/${member}/task/${thread}/schedstat`).split(" ")[0] ?? 0);
  }
  return sum;
}

/** The numbers of its threads; none when it has ended. */
export function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

const kilobytes = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0);

/** Megabytes of a family: what is resident, and the same with shared pages counted in parts. */
export function memoryOf(pid: number): { readonly rss: number; readonly pss: number } {
  const rollups = familyOf(pid).map((member) => textOf(`/proc/${member}/smaps_rollup`));
  const sum = (name: string): number => rollups.reduce((total, text) => total + kilobytes(text, name), 0) / 1_000;
  return { rss: sum("Rss"), pss: sum("Pss") };
}
