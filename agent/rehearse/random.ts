// Numbers that look drawn and are not: the same seed gives the same ones on every machine.

export type Random = {
  /** 0 to 2^32 - 1. */
  readonly next: () => number;
  /** 0 to `bound` - 1. */
  readonly below: (bound: number) => number;
  /** From the one to the other, both included. */
  readonly between: (least: number, most: number) => number;
  /** Whether it happens, of a thousand times so often. */
  readonly happens: (perMille: number) => boolean;
  readonly pick: <Value>(values: readonly Value[]) => Value;
};

/** Mulberry32: one word of state, and integers all the way. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (bound: number): number => Math.floor((next() / 0x1_0000_0000) * bound);
  return {
    next,
    below,
    between: (least, most) => least + below(most - least + 1),
    happens: (perMille) => below(1_000) < perMille,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError("there is nothing to pick from");
      return value;
    },
  };
}
