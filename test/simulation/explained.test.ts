// S13, over what swarms live through: each transition in a log has a chain of causes that begins outside
// the daemon, and is not there when its root is taken away.

import { expect, it } from "vitest";
import { type Witnessed, witnessed } from "../../agent/explain/observer.ts";
import { type Line, parseLine } from "../../agent/log/line.ts";
import { told } from "../../agent/log/replay.ts";
import { soundnessOf } from "../explain/soundness.ts";
import { LOGGED, play } from "./play.ts";

const LIVES = 12;

/** The lines of each daemon that wrote this log: one begins where another was started. */
function daemonsIn(texts: readonly string[]): readonly (readonly Line[])[] {
  const daemons: Line[][] = [];
  for (const text of texts) {
    const line = parseLine(text.trimEnd());
    if (typeof line === "string") throw new Error(`a line ${line}`);
    if (line.type === "header" && line.start) daemons.push([line]);
    else daemons.at(-1)?.push(line);
  }
  return daemons;
}

/** Every transition of a swarm with what led up to it, and the lines of the daemon it happened to. */
function* scenesOf(seed: number): Generator<{ name: string; scene: Witnessed; lines: readonly Line[] }> {
  for (const [name, texts] of play(seed).logs)
    for (const lines of daemonsIn(texts))
      for (const scene of witnessed(told(lines), () => true)) yield { name, scene, lines };
}

it("every transition of a swarm has a cause outside, and none without it", { timeout: 120_000 }, () => {
  const met = new Set<string>();
  const unsound: string[] = [];
  let taken = 0;
  for (let seed = 0; seed < LIVES * LOGGED; seed += LOGGED)
    for (const { name, scene, lines } of scenesOf(seed)) {
      met.add(scene.transition.because);
      const { wrong, removed } = soundnessOf(scene, lines);
      if (wrong !== null) unsound.push(`seed ${seed}, ${name}: ${wrong}`);
      taken += Number(removed);
    }
  expect(unsound).toEqual([]);
  expect(taken).toBeGreaterThan(10);
  expect([...met]).toEqual(expect.arrayContaining(["link_down", "master_silent", "master_resigned", "startup"]));
});
