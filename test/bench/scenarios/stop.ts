// SIGTERM: when its priority 0 is on the wire, and when it has ended.

import { claimFrom, resignationFrom } from "../../netns/wire.ts";
import type { Figure, Sample } from "../figure.ts";
import { now, onGround } from "../ground.ts";
import type { Scenario } from "../scenario.ts";
import { textOf } from "../text.ts";
import { pause } from "./death.ts";

const FIGURES: readonly Figure[] = [
  { key: "resigned", title: "priority 0 on the wire", unit: "ms", limit: 0, ratio: 2 },
  { key: "ended", title: "exit", unit: "ms", limit: 0, ratio: 0.1 },
];
const SOURCE = "192.168.1.11";

export const stop: Scenario = {
  name: "stop",
  title: "SIGTERM, one instance, v3 1 s",
  figures: FIGURES,
  runs: 8,
  play: (who) =>
    onGround(who, async (ground): Promise<readonly Sample[]> => {
      const seen = await ground.lan.capture("ip proto 112");
      const running = await ground.start(ground.rt1, textOf({ instances: 1, priority: 255, interval: "1" }));
      await seen.next("it is Master", claimFrom(SOURCE));
      await pause(1_500);
      const asked = now();
      running.signal("SIGTERM");
      await running.ended;
      const ended = now();
      const resigned = await seen.next("it resigns", resignationFrom(SOURCE));
      await seen.stop();
      return [{ resigned: (resigned.at - asked) / 1_000, ended: (ended - asked) / 1_000 }];
    }),
};
