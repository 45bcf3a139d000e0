// What operators ask for in a life that is led.

import fc from "fast-check";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Command } from "../../agent/core/event.ts";
import { microseconds } from "../../agent/core/time.ts";

/** Of one router or of all; `lasts` in µs, 0 for good. */
export type Operating = {
  readonly type: "operate";
  readonly what: "drain" | "resume" | "promote";
  readonly nth: number;
  readonly lasts: number;
};

export const operating: fc.Arbitrary<Operating> = fc.record({
  type: fc.constant("operate" as const),
  what: fc.constantFrom("drain", "resume", "promote"),
  nth: fc.integer({ min: 0, max: 4 }),
  lasts: fc.constantFrom(0, 3_000_000, 8_000_000),
});

export const OPERATOR = { via: "signal", signal: "SIGUSR1" } as const;

/** Beyond the last router it is all of them. */
export function commandOf({ routers: all }: AgentConfig, { what, nth, lasts }: Operating): Command {
  const named = all.slice(nth, nth + 1).map(({ key }) => key);
  const routers = named.length === 0 ? null : named;
  const reason = `test ${nth}`;
  switch (what) {
    case "resume":
      return { type: what, routers };
    case "promote":
      return { type: what, routers: named, reason };
    case "drain":
      return { type: what, routers, lasts: lasts === 0 ? null : microseconds(lasts), reason };
  }
}
