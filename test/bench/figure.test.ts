import { describe, expect, test } from "vitest";
import { type Figure, isReached, quantile, ratioOf } from "./figure.ts";
import { merged, type Results } from "./results.ts";
import type { Scenario } from "./scenario.ts";
import { digits, rowsOf, tableOf } from "./table.ts";
import { addressOf, downOf, textOf } from "./text.ts";

const figure: Figure = { key: "late", title: "late", unit: "ms", limit: 0, ratio: 1.5, cap: 1 };

describe("figures", () => {
  test("a quantile lies between its neighbours", () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3], 1)).toBe(3);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test("ratios are of neighbours, by size, and 0 of 0 is 1", () => {
    // 1/2, 6/2 and 2/4: their median is 1/2, that of the sums would be 9/8.
    expect(ratioOf([1, -6, 2], [2, 2, 4])).toBe(0.5);
    expect(ratioOf([0], [0])).toBe(1);
    expect(ratioOf([1], [])).toBeNull();
  });

  test("a goal is a ratio and a cap, and each can be missed alone", () => {
    expect(isReached(figure, [0.3, 0.3], [0.2, 0.2])).toBe(true);
    expect(isReached(figure, [0.4, 0.4], [0.2, 0.2])).toBe(false);
    expect(isReached(figure, [0.1, 1.1], [0.2, 2.2])).toBe(false);
    expect(isReached({ key: "late", title: "late", unit: "ms", limit: 0 }, [1], [1])).toBeNull();
    expect(isReached(figure, [], [])).toBeNull();
  });
});

describe("results", () => {
  const scenario: Scenario = {
    name: "one",
    title: "one thing",
    figures: [figure],
    runs: 1,
    play: () => Promise.resolve([]),
  };
  const nothing: Results = { machine: "", scenarios: {} };
  const measured = (late: number) => ({ heird: [{ late }], keepalived: [{ late: 0.5 }], floor: [] });

  test("a run takes the place of the last one, or stands beside it", () => {
    const once = merged(nothing, "one", measured(1), false);
    expect(merged(once, "one", measured(2), false).scenarios["one"]?.samples.heird).toEqual([{ late: 2 }]);
    expect(merged(once, "one", measured(2), true).scenarios["one"]?.samples.heird).toEqual([{ late: 1 }, { late: 2 }]);
    expect(Object.keys(merged(once, "other", measured(2), false).scenarios)).toEqual(["one", "other"]);
  });

  test("the table has the figure, the limit, the ratio and whether the goal is reached", () => {
    const table = tableOf(rowsOf([scenario], merged(nothing, "one", measured(0.25), false)));
    const cells = table
      .split("\n")[2]
      ?.split("|")
      .map((cell) => cell.trim());
    expect(cells?.slice(1, -1)).toEqual([
      "one thing",
      "late",
      "0.25 ms",
      "0.50 ms",
      "0 ms",
      "0.50",
      "<= 1.5, max <= 1 ms",
      "yes",
    ]);
  });

  test("three digits, and no more than two after the point", () => {
    expect([0.104, 5.83, 31.25, 1_010.4, -0.5, Number.NaN].map(digits)).toEqual([
      "0.10",
      "5.83",
      "31.3",
      "1010",
      "-0.50",
      "-",
    ]);
  });
});

describe("the text that both read", () => {
  test("addresses of an instance are all different, and more than fit into an advert are excluded from it", () => {
    const text = textOf({ instances: 1, priority: 100, interval: "1", addresses: 1_000 });
    const addresses = [...text.matchAll(/10\.\d+\.\d+\.\d+/g)].map(String);
    expect(new Set(addresses).size).toBe(1_000);
    expect(text).toContain("virtual_ipaddress_excluded");
    expect(addressOf(3, 257)).toBe("10.3.1.1");
  });

  test("Master_Down_Interval of priority 100 at 1 s", () => {
    // RFC 9568 §6.1: 3 * 1 s + (256 - 100) * 1 s / 256 = 3.609375 s.
    expect(downOf(100, 1_000_000)).toBe(3_609_375);
  });
});
