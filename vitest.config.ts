import { defineConfig } from "vitest/config";

// Tests that make namespaces, send packets or measure time share one machine with two cores, so
// they run one file after the other, and after everything else: a busy neighbour would show up in
// their figures as lateness of the daemon.
const KERNEL_TESTS = [
  "test/netns/**/*.test.ts",
  "test/interop/**/*.test.ts",
  "test/contract/**/*.test.ts",
  "test/demo/demo.test.ts",
];

export default defineConfig({
  test: {
    environment: "node",
    reporters: ["default"],
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
          testTimeout: 20_000,
          hookTimeout: 20_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: "kernel",
          include: KERNEL_TESTS,
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
