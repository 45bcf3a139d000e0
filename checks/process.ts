// Up while so many processes run: vrrp_track_process. One table for all of these checks; told of each
// process that begins, changes its program or ends, it looks at that one, and now and then at all.

import { readdir, readFile } from "node:fs/promises";
import { Observable } from "rxjs";
import type { Answer, ProcessQuestion } from "../agent/core/check.ts";
import { answer } from "./check.ts";

/** A process as /proc tells it. */
export type Known = { readonly comm: string; readonly argv: readonly string[] };

export type ProcessTable = {
  /** Calls whenever the table has changed, and when it is first complete; returns how to stop. */
  readonly follow: (changed: (processes: ReadonlyMap<number, Known>) => void) => () => void;
  /** These have begun, changed or ended; null: any of them may have. */
  readonly touch: (pids: readonly number[] | null) => void;
};

/** Between two looks at everything, in ms. */
const EVERYTHING = 1_000;
/** More at once are looked at with all the others. */
const MANY = 64;

export function createProcessTable(): ProcessTable {
  const followers = new Set<(processes: ReadonlyMap<number, Known>) => void>();
  let known = new Map<number, Known>();
  let clock: NodeJS.Timeout | null = null;
  let complete = false;
  let busy = false;
  let pending: Set<number> | "all" | null = null;

  const look = async (): Promise<void> => {
    if (busy || pending === null || followers.size === 0) return;
    busy = true;
    const what = pending;
    pending = null;
    if (what === "all") known = await everything();
    else for (const pid of what) await refresh(known, pid);
    complete ||= what === "all";
    busy = false;
    if (complete) for (const follower of [...followers]) follower(known);
    void look();
  };
  const touch = (pids: readonly number[] | null): void => {
    if (pids === null || pids.length > MANY) pending = "all";
    else if (pending !== "all") pending = new Set([...(pending ?? []), ...pids]);
    void look();
  };
  return {
    touch,
    follow: (changed) => {
      followers.add(changed);
      clock ??= setInterval(() => touch(null), EVERYTHING);
      touch(null);
      return () => {
        followers.delete(changed);
        if (followers.size > 0 || clock === null) return;
        clearInterval(clock);
        clock = null;
        complete = false;
      };
    },
  };
}

async function everything(): Promise<Map<number, Known>> {
  const found = new Map<number, Known>();
  for (const name of await readdir("/proc").catch(() => [])) if (/^\d+$/.test(name)) await refresh(found, Number(name));
  return found;
}

async function refresh(table: Map<number, Known>, pid: number): Promise<void> {
  try {
    const [comm, command] = await Promise.all([
      readFile(`/proc/${pid}/comm`, "latin1"),
      readFile(`/proc/${pid}/cmdline`, "latin1"),
    ]);
    // A process without a command line is a thread of the kernel, or dead and not yet buried.
    if (command === "") table.delete(pid);
    else table.set(pid, { comm: comm.replace(/\n$/, ""), argv: command.replace(/\0$/, "").split("\0") });
  } catch {
    table.delete(pid);
  }
}

/** Tells when the watching begins and whenever the answer is another one. */
export const presence = (question: ProcessQuestion, table: ProcessTable): Observable<Answer> =>
  new Observable((subscriber) => {
    let last: number | null = null;
    return table.follow((processes) => {
      let count = 0;
      for (const one of processes.values()) if (isMeant(question, one)) count += 1;
      if (count === last) return;
      last = count;
      subscriber.next(judge(question, count));
    });
  });

function judge({ quorum, quorumMax }: ProcessQuestion, count: number): Answer {
  const ok = count >= quorum && (quorumMax === null || count <= quorumMax);
  const wanted = quorumMax === null ? `at least ${quorum}` : `${quorum} to ${quorumMax}`;
  return answer(ok, `${count} of them, wanted are ${wanted}`, { value: count });
}

/** The kernel cuts the name of a process at 15 bytes. */
const COMM = 15;

/** A9: the name alone, or the command line when there are parameters or `full_command`. */
export function isMeant({ process: wanted, paramMatch, fullCommand }: ProcessQuestion, { comm, argv }: Known): boolean {
  const [name = "", ...parameters] = wanted;
  if (parameters.length === 0 && !fullCommand && paramMatch === null) return comm === name.slice(0, COMM);
  if (!isProgram(name, argv[0] ?? "")) return false;
  const given = argv.slice(1);
  if (paramMatch === "partial") return parameters.every((parameter, i) => given[i] === parameter);
  if (paramMatch === "initial") {
    const last = parameters.length - 1;
    return (
      given.length >= parameters.length &&
      parameters.every((parameter, i) =>
        i === last ? given[i]?.startsWith(parameter) === true : given[i] === parameter,
      )
    );
  }
  return given.length === parameters.length && parameters.every((parameter, i) => given[i] === parameter);
}

/** A name without a path means a program in any directory. */
const isProgram = (name: string, file: string): boolean =>
  file === name || (!name.includes("/") && file.endsWith(`/${name}`));
