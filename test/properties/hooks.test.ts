// S6: hooks of one instance are told in order, each exactly once or with a word why not, never two at
// once, and when it is quiet the last one told is what is. Checked against random transitions, durations,
// hangs, failures, refusals, deaths and orderly ends of the daemon, in virtual time.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { routerKeyOf } from "../../agent/core/config.ts";
import { after, type Duration, type Instant, instantAt, milliseconds } from "../../agent/core/time.ts";
import {
  createQueue,
  type Ending,
  type HookQueue,
  type Job,
  type Running,
  type Told,
} from "../../agent/hooks/queue.ts";
import { type VirtualTime, virtualTime } from "../../agent/rehearse/virtual-time.ts";

const ROUTER = routerKeyOf("eth0", "ipv4", 1);
const DEADLINE = milliseconds(500);
const RUNS = Number(process.env["HEIRD_HOOK_RUNS"] ?? 500);

type Script = {
  /** ms it runs; null: until it is told to end. */
  readonly runs: number | null;
  readonly succeeds: boolean;
  /** Whether SIGTERM is not enough. */
  readonly stubborn: boolean;
  /** A URL or a mail, which the next daemon goes on with. */
  readonly elsewhere: boolean;
  readonly hopeless: boolean;
  /** Whether whoever runs it is lost over its first attempt. */
  readonly lost: boolean;
};
type Step = {
  readonly wait: number;
  readonly does: "transition" | "side" | "death" | "stop" | "late";
  readonly scripts: readonly Script[];
};
type Life = { readonly order: "all" | "latest"; readonly retries: number; readonly steps: readonly Step[] };

const script: fc.Arbitrary<Script> = fc.record({
  runs: fc.option(fc.integer({ min: 0, max: 700 }), { freq: 6, nil: null }),
  succeeds: fc.boolean(),
  stubborn: fc.boolean(),
  elsewhere: fc.boolean(),
  hopeless: fc.boolean(),
  lost: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.record({
  wait: fc.integer({ min: 0, max: 400 }),
  does: fc.oneof(
    { weight: 8, arbitrary: fc.constant("transition" as const) },
    fc.constantFrom("side" as const, "death" as const, "stop" as const, "late" as const),
  ),
  scripts: fc.array(script, { minLength: 1, maxLength: 2 }),
});
const life: fc.Arbitrary<Life> = fc.record({
  order: fc.constantFrom("all" as const, "latest" as const),
  retries: fc.integer({ min: 0, max: 2 }),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
});

type Wish = { readonly job: Job<Script>; readonly transition: boolean };
type Line = Told & { readonly generation: number };

type Around = {
  readonly time: VirtualTime;
  readonly warned: Set<string>;
  readonly generation: () => number;
  readonly count: (by: 1 | -1) => void;
};

/** Starts processes: each ends by itself, or when it is told to. */
const processes =
  ({ time, warned, generation, count }: Around, mine: number) =>
  (job: Job<Script>, { attempt }: { attempt: number }, ended: (ending: Ending) => void): Running => {
    count(1);
    let over = false;
    const end = (ok: boolean, detail: string): void => {
      if (over) return;
      over = true;
      // Whoever died has taken it along, and hears nothing of it.
      if (mine !== generation()) return;
      count(-1);
      ended({ ok, detail, output: "", hopeless: job.what.hopeless });
    };
    const { runs, succeeds, stubborn } = job.what;
    if (job.what.lost && attempt === 1) {
      time.at(after(time.now(), milliseconds(5)), () => {
        if (over || mine !== generation()) return;
        over = true;
        count(-1);
        ended({ ok: false, detail: "lost", output: "", lost: true });
      });
    }
    const detail = succeeds ? "exit 0" : "exit 1";
    if (runs !== null) time.at(after(time.now(), milliseconds(runs)), () => end(succeeds, detail));
    return {
      supersede: () => warned.add(`${job.event} ${job.hook}`),
      stop: () => void (stubborn || time.at(time.now(), () => end(false, "SIGTERM"))),
      kill: () => void time.at(time.now(), () => end(false, "SIGKILL")),
    };
  };

function jobOf(
  name: Pick<Job<Script>, "event" | "hook">,
  what: Script,
  { order, retries, now, transition }: Omit<Life, "steps"> & { readonly now: Instant; readonly transition: boolean },
): Job<Script> {
  return {
    ...name,
    router: ROUTER,
    what,
    policy: { order, retries, deadline: DEADLINE, backoff: milliseconds(50) },
    attempt: 1,
    wished: now,
    happened: now,
    overtakes: transition,
    outlives: what.elsewhere,
    losses: 1,
  };
}

/** A machine on which daemons live and die, and what their log says. */
function machine({ order, retries }: Life) {
  const time: VirtualTime = virtualTime();
  const wishes: Wish[] = [];
  const log: Line[] = [];
  const warned = new Set<string>();
  let [generation, alive, most] = [0, 0, 0];

  const life = {
    time,
    warned,
    generation: () => generation,
    count: (by: 1 | -1) => {
      alive += by;
      most = Math.max(most, alive);
    },
  };
  const newborn = (): HookQueue<Script> => {
    const mine = generation;
    const clock = {
      now: time.now,
      after: (span: Duration, act: () => void) => time.at(after(time.now(), span), () => mine === generation && act()),
    };
    return createQueue<Script>(processes(life, mine), clock, (told) => log.push({ ...told, generation: mine }));
  };
  let queue = newborn();
  const isOver = ({ job }: Wish): boolean =>
    log.some((line) => line.type === "hookEnded" && line.final && line.event === job.event && line.hook === job.hook);
  const begun = ({ job }: Wish): number =>
    log.findLast((line) => line.type === "hookBegan" && line.event === job.event && line.hook === job.hook)?.attempt ??
    0;

  const die = (): void => {
    generation += 1;
    alive = 0;
    queue = newborn();
    for (const wish of wishes.filter((one) => !isOver(one))) queue.add({ ...wish.job, attempt: begun(wish) + 1 });
  };

  return {
    time,
    wishes,
    log,
    warned,
    most: () => most,
    busy: () => queue.length() > 0,
    wish: (event: string, scripts: readonly Script[], transition: boolean): void => {
      for (const [i, what] of scripts.entries()) {
        const job = jobOf({ event, hook: `hook${i}` }, what, { order, retries, now: time.now(), transition });
        wishes.push({ job, transition });
        queue.add(job);
      }
    },
    die,
    /** An orderly end, as the daemon's: what runs has 0.2 s, and then the next one begins. */
    stop: (): void => {
      queue.giveUp();
      time.advance(milliseconds(400));
      if (queue.length() > 0) throw new Error("a daemon that stops is not done with its hooks");
      for (const wish of wishes)
        if (!(wish.job.outlives || isOver(wish))) throw new Error(`${wish.job.event} was told by nobody`);
      die();
    },
    /** The last wish comes too late, if it has not begun. */
    late: (): void => {
      for (const { job } of wishes.slice(-1)) queue.withdraw(job, "too late");
    },
  };
}

function lead(drawn: Life) {
  const set = machine(drawn);
  for (const [i, { wait, does, scripts }] of drawn.steps.entries()) {
    set.time.advance(milliseconds(wait));
    // Two things never happen in the same microsecond of one clock.
    set.time.advance(1 as Duration);
    if (does === "death") set.die();
    else if (does === "stop") set.stop();
    else if (does === "late") set.late();
    else set.wish(`e${String(i).padStart(3, "0")}`, scripts, does === "transition");
  }
  set.time.advanceTo(instantAt(set.time.now() + 600_000_000));
  return set;
}

describe("hooks of one instance", () => {
  test("are told in order, once or with a word why not, and never two at once", () => {
    fc.assert(
      fc.property(life, (drawn) => {
        const { wishes, log, most: beside, busy } = lead(drawn);
        expect(busy()).toBe(false);
        expect(beside()).toBeLessThanOrEqual(1);
        for (const { job } of wishes) {
          const mine = log.filter(({ event, hook }) => event === job.event && hook === job.hook);
          const finals = mine.filter((line) => line.type === "hookEnded" && line.final);
          expect(finals).toHaveLength(1);
          // Within one life: as often as the policy allows, and the attempts count on through deaths. Once more where
          // the first was lost, which happens in one life alone.
          const begins = mine.filter((line) => line.type === "hookBegan");
          const most = 1 + drawn.retries + Number(job.what.lost);
          for (const generation of new Set(begins.map((line) => line.generation)))
            expect(begins.filter((line) => line.generation === generation).length).toBeLessThanOrEqual(most);
          expect(begins.map(({ attempt }) => attempt)).toEqual(begins.map((_, i) => i + 1));
          // What was overtaken never began, or failed and waited to be tried again.
          if (finals[0]?.type === "hookEnded" && finals[0].outcome === "superseded") expect(drawn.order).toBe("latest");
        }
        for (const generation of new Set(log.map((line) => line.generation))) {
          const order = log
            .filter((line) => line.type === "hookBegan" && line.generation === generation)
            .map(({ event }) => event);
          expect(order).toEqual([...order].sort());
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("end with what is, when it is quiet", () => {
    fc.assert(
      fc.property(life, (drawn) => {
        const { wishes, log } = lead(drawn);
        const last = wishes.findLast(({ transition }) => transition)?.job;
        if (last === undefined) return;
        // A daemon that stops says STOP, and that it was not told; here nobody says so.
        const unsaid = log.some(
          (line) => line.event === last.event && "outcome" in line && line.outcome === "given_up",
        );
        if (unsaid) return;
        const told = log.filter((line) => line.type === "hookBegan");
        const transitions = new Set(wishes.filter(({ transition }) => transition).map(({ job }) => job.event));
        expect(told.findLast(({ event }) => transitions.has(event))?.event).toBe(last.event);
      }),
      { numRuns: RUNS },
    );
  });

  test("are begun anew when whoever ran them is lost, as often as that is forgiven, and not more", () => {
    const what: Script = {
      runs: 50,
      succeeds: true,
      stubborn: false,
      elsewhere: false,
      hopeless: false,
      lost: true,
    };
    const set = lead({ order: "all", retries: 0, steps: [{ wait: 0, does: "transition", scripts: [what] }] });
    const ends = set.log.flatMap((line) => (line.type === "hookEnded" ? [line] : []));
    expect(ends.map(({ attempt, outcome, final }) => [attempt, outcome, final])).toEqual([
      [1, "failed", false],
      [2, "done", true],
    ]);
  });

  test("that hang are ended at their deadline, and hold up nobody for longer", () => {
    const here = { elsewhere: false, hopeless: false, lost: false };
    const hang: Script = { runs: null, succeeds: false, stubborn: true, ...here };
    const quick: Script = { runs: 10, succeeds: true, stubborn: false, ...here };
    const set = lead({
      order: "all",
      retries: 0,
      steps: [
        { wait: 0, does: "transition", scripts: [hang] },
        { wait: 1, does: "transition", scripts: [quick] },
      ],
    });
    const ends = set.log.flatMap((line) => (line.type === "hookEnded" ? [line] : []));
    // 0.5 s to SIGTERM, 2 s more to SIGKILL.
    expect(ends.map(({ outcome, took }) => [outcome, took])).toEqual([
      ["timed_out", 2_500_000],
      ["done", 10_000],
    ]);
    expect(set.warned).toEqual(new Set(["e000 hook0"]));
  });
});
