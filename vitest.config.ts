import { defineConfig } from "vitest/config";
import { secondTries } from "./test/tidy/second-tries.ts";

// Where a proxy has a certificate of its own, each Node reads all that there are when it starts: 100 ms, some
// thousand times here.
delete process.env["NODE_EXTRA_CA_CERTS"];

// Tests that make namespaces or send packets share one machine with two cores. Most of them wait for
// something for most of their time, so a few run side by side, after those that only compute.
const KERNEL_TESTS = [
  "test/netns/**/*.test.ts",
  "test/interop/**/*.test.ts",
  "test/contract/**/*.test.ts",
  "test/demo/demo.test.ts",
  "test/demo/ending.test.ts",
];

// Those that measure time, or look for what others have on the machine, run last, one file after the other:
// a busy neighbour would show up in their figures as lateness of the daemon.
const MEASURING_TESTS = [
  "test/demo/demo.test.ts",
  "test/netns/explain.test.ts",
  "test/netns/failover.test.ts",
  "test/netns/faults.test.ts",
  "test/netns/hasty.test.ts",
  "test/netns/hung-redis.test.ts",
  "test/netns/lan.test.ts",
  "test/netns/load.test.ts",
  "test/netns/reaction.test.ts",
  "test/netns/reload.test.ts",
  "test/netns/scale.test.ts",
  "test/netns/stall.test.ts",
];

/**
 * A machine of two cores that stalls for a second makes a promise about time untrue once, and no second time.
 * Whatever needed its second try is named at the end (test/tidy/second-tries.ts): no such test passes unseen.
 */
const SECOND_TRY = 1;

export default defineConfig({
  test: {
    environment: "node",
    reporters: [secondTries, "default"],
    // A test that is never awaited, or a filter that matches nothing, must not look like success.
    passWithNoTests: false,
    allowOnly: false,
    teardownTimeout: 20_000,
    projects: [
      {
        test: {
          name: "pure",
          include: ["test/**/*.test.ts"],
          exclude: KERNEL_TESTS,
          // Left alone it would keep one core of two for itself.
          maxWorkers: "100%",
          setupFiles: "test/properties/seed.ts",
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "kernel",
          include: KERNEL_TESTS,
          exclude: MEASURING_TESTS,
          maxWorkers: 3,
          retry: SECOND_TRY,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "measuring",
          include: MEASURING_TESTS,
          fileParallelism: false,
          maxWorkers: 1,
          retry: SECOND_TRY,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
