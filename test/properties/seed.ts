// Runs before every file of tests. Properties draw the same lives in every run, so that a change and not the
// dice decides whether a run passes; HEIRD_SEED=N draws others, and what those find becomes a test of its own.

import fc from "fast-check";

fc.configureGlobal({ seed: Number(process.env["HEIRD_SEED"] ?? 1) });
