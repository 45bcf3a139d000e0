// The queue of small steps: who waits for whom, by a clock that moves when work does.

import { describe, expect, it } from "vitest";
import { after, type Duration, type Instant, instantAt, milliseconds } from "../../agent/core/time.ts";
import { createLane, type Work } from "../../agent/effects/lane.ts";

function laneWithClock() {
  let time: Instant = instantAt(0);
  const done: string[] = [];
  const turns: (() => void)[] = [];
  const lane = createLane<null>(
    () => time,
    (step) => turns.push(step),
  );
  function* work(name: string, takes: Duration): Work<void> {
    time = after(time, takes);
    done.push(name);
    yield* []; // done in one step
  }
  const add = (name: string, takes = milliseconds(0)): void => lane.add(null, work(name, takes), () => {});
  const addReported = (name: string): void =>
    lane.add(null, work(name, milliseconds(0)), () => lane.report(() => done.push(`${name} reported`)));
  const addBeside = (name: string): void => lane.addBeside(null, work(name, milliseconds(0)), () => {});
  /** The sockets and the alarm have had their turn. */
  const turn = (): void => turns.shift()?.();
  return { add, addReported, addBeside, turn, done, idle: lane.idle };
}

describe("work beside what is done already", () => {
  it("is begun at once, however long that took", () => {
    const { add, addBeside, done } = laneWithClock();
    add("address", milliseconds(2)); // a slice is 1 ms
    addBeside("announcement");
    expect(done).toEqual(["address", "announcement"]);
  });

  it("waits its turn where others wait", () => {
    const { add, addBeside, turn, done } = laneWithClock();
    add("address", milliseconds(2));
    add("another"); // the slice is over
    add("a third");
    addBeside("announcement");
    expect(done).toEqual(["address"]);
    turn();
    expect(done).toEqual(["address", "another", "a third", "announcement"]);
  });
});

describe("what is told of work", () => {
  it("is told at once where nobody waits", () => {
    const { addReported, done } = laneWithClock();
    addReported("address");
    expect(done).toEqual(["address", "address reported"]);
  });

  it("is told when all is done, and before anybody is told that nothing is left", async () => {
    const { add, addReported, turn, done, idle } = laneWithClock();
    add("first", milliseconds(2)); // a slice is 1 ms
    for (const name of ["second", "third"]) addReported(name);
    const rest = idle().then(() => done.push("idle"));
    turn();
    await rest;
    expect(done).toEqual(["first", "second", "third", "second reported", "third reported", "idle"]);
  });

  it("waits no longer than 250 ms for others", () => {
    const { add, addReported, turn, done } = laneWithClock();
    add("first", milliseconds(2));
    addReported("second");
    add("long", milliseconds(250));
    add("last");
    turn();
    expect(done).toEqual(["first", "second", "long"]);
    turn();
    expect(done).toEqual(["first", "second", "long", "second reported", "last"]);
  });
});
