// A small tree in which every rule of .dependency-cruiser.mjs is broken once. A rule that stays
// silent here cannot fire, and would be a sentence that nobody keeps.

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Rule, the file that breaks it, and the line that does. */
const PLANTS = [
  ["core-is-pure", "agent/core/a.ts", 'import "node:fs";'],
  ["core-is-pure", "agent/core/b.ts", 'import { x } from "rxjs"; x;'],
  ["core-is-pure", "agent/core/c.ts", 'import type { X } from "../kernel.ts"; export type Y = X;'],
  ["wire-is-bytes-and-values", "agent/wire/a.ts", 'import "node:fs";'],
  ["log-remembers-only", "agent/log/a.ts", 'import { x } from "rxjs"; x;'],
  ["log-remembers-only", "agent/log/b.ts", 'import "node:net";'],
  ["explain-reads-only", "agent/explain/a.ts", 'import "node:fs";'],
  ["explain-takes-types-of-the-log", "agent/explain/b.ts", 'import { x } from "../log/event-log.ts"; x;'],
  ["audit-and-operate-only-read", "agent/operate/a.ts", 'import { x } from "../linux/x.ts"; x;'],
  ["audit-and-operate-only-read", "agent/audit/a.ts", 'import { x } from "../effects/x.ts"; x;'],
  ["audit-and-operate-do-not-fold", "agent/operate/b.ts", 'import { x } from "../core/agent.ts"; x;'],
  ["audit-and-operate-take-types-of-the-circle", "agent/operate/c.ts", 'import { x } from "../run.ts"; x;'],
  ["cli-asks", "agent/cli/a.ts", 'import { x } from "../linux/x.ts"; x;'],
  ["cli-asks", "agent/cli/b.ts", 'import { x } from "../sources/x.ts"; x;'],
  ["linux-implements-the-port", "agent/linux/a.ts", 'import { x } from "../core/router.ts"; x;'],
  ["linux-implements-the-port", "agent/linux/b.ts", 'import { x } from "../log/event-log.ts"; x;'],
  ["linux-takes-types-of-the-configuration", "agent/linux/c.ts", 'import { x } from "../core/config.ts"; x;'],
  ["rehearse-runs-the-daemon-without-a-machine", "agent/rehearse/a.ts", 'import { x } from "../linux/x.ts"; x;'],
  ["rehearse-runs-the-daemon-without-a-machine", "agent/rehearse/b.ts", 'import "node:fs";'],
  ["sources-look", "agent/sources/a.ts", 'import { x } from "../effects/x.ts"; x;'],
  ["sources-look", "agent/sources/b.ts", 'import { x } from "../linux/x.ts"; x;'],
  ["sources-do-not-decide", "agent/sources/c.ts", 'import { x } from "../core/router.ts"; x;'],
  ["sources-are-strangers", "agent/sources/d.ts", 'import { x } from "./x.ts"; x;'],
  ["only-commands-listens", "agent/sources/e.ts", 'import "node:net";'],
  ["effects-act", "agent/effects/a.ts", 'import { x } from "../../checks/watch.ts"; x;'],
  ["effects-do-not-decide", "agent/effects/b.ts", 'import { x } from "../core/router.ts"; x;'],
  ["effects-are-strangers", "agent/effects/c.ts", 'import { x } from "./x.ts"; x;'],
  ["only-notify-spawns", "agent/effects/d.ts", 'import "node:child_process";'],
  ["web-knows-nobody", "agent/web/a.ts", 'import { x } from "../core/config.ts"; x;'],
  ["users-are-of-the-machine", "agent/users/a.ts", 'import { x } from "../core/config.ts"; x;'],
  ["hooks-tell", "agent/hooks/a.ts", 'import { x } from "../linux/x.ts"; x;'],
  ["hooks-tell", "agent/hooks/b.ts", 'import { x } from "rxjs"; x;'],
  ["hooks-do-not-decide", "agent/hooks/c.ts", 'import { x } from "../core/router.ts"; x;'],
  ["checks-only-ask", "checks/a.ts", 'import { x } from "../agent/core/config.ts"; x;'],
  ["checks-only-ask", "checks/b.ts", 'import { x } from "../config/load.ts"; x;'],
  ["checks-take-types-of-the-port", "checks/c.ts", 'import { x } from "../agent/kernel.ts"; x;'],
  ["config-produces", "config/a.ts", 'import { x } from "../agent/core/router.ts"; x;'],
  ["config-produces", "config/b.ts", 'import { x } from "rxjs"; x;'],
  ["config-takes-a-type-of-the-checks", "config/c.ts", 'import { x } from "../checks/watch.ts"; x;'],
  ["only-load-reads-files", "config/d.ts", 'import "node:fs";'],
  ["only-load-reads-files", "config/e.ts", 'import { x } from "../agent/users/x.ts"; x;'],
  ["the-circle-knows-no-driver", "agent/a.ts", 'import "node:fs";'],
  ["the-circle-knows-no-driver", "agent/b.ts", 'import { x } from "./linux/x.ts"; x;'],
  ["the-circle-takes-a-type-of-the-log", "agent/c.ts", 'import { x } from "./log/event-log.ts"; x;'],
  ["only-main-assembles", "agent/log/d.ts", 'import { x } from "../daemon/x.ts"; x;'],
  ["every-folder-has-a-row", "agent/utils/a.ts", 'import { x } from "../core/router.ts"; x;'],
  ["main-is-the-end", "agent/cli/c.ts", 'import { x } from "../main.ts"; x;'],
  ["tests-are-the-end", "agent/log/c.ts", 'import { x } from "../../test/x.ts"; x;'],
  ["product-takes-no-development-packages", "agent/d.ts", 'import { x } from "devtool"; x;'],
  ["product-takes-no-development-packages", "agent/e.ts", 'import { x } from "unlisted"; x;'],
  ["every-import-resolves", "agent/f.ts", 'import { x } from "./nowhere.ts"; x;'],
  ["no-cycles", "agent/core/d.ts", 'import { y } from "./e.ts"; export const x = y;'],
];

/** What a violation may lead to; also the innocent half of the tree. */
const TARGETS = [
  "agent/core/agent.ts",
  "agent/core/config.ts",
  "agent/core/router.ts",
  "agent/daemon/x.ts",
  "agent/effects/x.ts",
  "agent/kernel.ts",
  "agent/linux/x.ts",
  "agent/log/event-log.ts",
  "agent/main.ts",
  "agent/run.ts",
  "agent/sources/x.ts",
  "agent/users/x.ts",
  "agent/web/x.ts",
  "checks/watch.ts",
  "config/load.ts",
  "test/x.ts",
];

/** Arrows the table allows; a rule that fires on one of them fires on everything. */
const INNOCENT = [
  ["agent/core/ok.ts", 'import { x } from "./router.ts"; x;'],
  ["agent/wire/ok.ts", 'import { x } from "../core/config.ts"; x;'],
  ["agent/log/ok.ts", 'import "node:fs"; import { x } from "../core/agent.ts"; x;'],
  ["agent/operate/ok.ts", 'import type { X } from "../run.ts"; import "node:net"; export type Y = X;'],
  ["agent/cli/ok.ts", 'import { x } from "../../config/load.ts"; import "node:util"; x;'],
  ["agent/linux/ok.ts", 'import type { X } from "../kernel.ts"; import "node:fs"; export type Y = X;'],
  ["agent/sources/commands.ts", 'import "node:net"; import { x } from "rxjs"; x;'],
  ["agent/effects/notify.ts", 'import "node:child_process"; import type { X } from "../run.ts"; export type Y = X;'],
  ["agent/users/ok.ts", 'import "node:fs";'],
  ["agent/hooks/ok.ts", 'import { x } from "../users/x.ts"; x;'],
  ["config/machine.ts", 'import { x } from "../agent/users/x.ts"; x;'],
  ["checks/users.ts", 'import { x } from "../agent/users/x.ts"; x;'],
  ["agent/web/ok.ts", 'import "node:net";'],
  ["checks/ok.ts", 'import "node:net"; import { x } from "../agent/web/x.ts"; import { y } from "rxjs"; x; y;'],
  ["checks/too.ts", 'import type { X } from "../agent/kernel.ts"; export type Y = X;'],
  ["agent/rehearse/ok.ts", 'import { x } from "../sources/x.ts"; import { y } from "../run.ts"; x; y;'],
  ["agent/effects/ok.ts", 'import { x } from "../web/x.ts"; x;'],
  ["config/ok.ts", 'import type { X } from "../checks/watch.ts"; export type Y = X;'],
  ["agent/ok.ts", 'import type { X } from "./log/event-log.ts"; export type Y = X;'],
];

function write(root, path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `${text}\n`);
}

function writePackages(root) {
  for (const name of ["rxjs", "devtool", "unlisted"]) {
    write(root, `node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0", main: "index.js" }));
    write(root, `node_modules/${name}/index.js`, "exports.x = 1;");
  }
  write(
    root,
    "package.json",
    JSON.stringify({ type: "module", dependencies: { rxjs: "1.0.0" }, devDependencies: { devtool: "1.0.0" } }),
  );
}

/**
 * Plants every violation in a temporary tree and gives what went wrong, as sentences: rules that
 * did not fire, rules nobody planted a violation for, and rules that fired on an allowed arrow.
 */
export function plantAndJudge(root, ruleNames, cruise) {
  const tree = mkdtempSync(join(tmpdir(), "heird-direction-"));
  try {
    for (const name of [".dependency-cruiser.mjs", "tsconfig.json"]) cpSync(join(root, name), join(tree, name));
    writePackages(tree);
    for (const path of TARGETS) write(tree, path, "export type X = 1; export const x = 1;");
    write(tree, "agent/core/e.ts", 'import { x } from "./d.ts"; export const y = x;');
    for (const [, path, text] of PLANTS) write(tree, path, text);
    for (const [path, text] of INNOCENT) write(tree, path, text);
    return judge(ruleNames, cruise(tree).summary.violations);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function judge(ruleNames, violations) {
  const fired = (name, path) => violations.some((v) => v.rule.name === name && v.from === path);
  const silent = PLANTS.filter(([name, path]) => !fired(name, path)).map(
    ([name, path]) => `rule ${name} did not fire on the violation planted in ${path}`,
  );
  const unplanted = ruleNames
    .filter((name) => !PLANTS.some(([planted]) => planted === name))
    .map((name) => `rule ${name} has no planted violation in test/tidy/plant.mjs`);
  const overzealous = violations
    .filter((v) => INNOCENT.some(([path]) => path === v.from))
    .map((v) => `rule ${v.rule.name} fired on an allowed import: ${v.from} -> ${v.to}`);
  return [...silent, ...unplanted, ...overzealous];
}
