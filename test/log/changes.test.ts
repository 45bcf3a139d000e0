// What is written down of the changes to a machine, on a real disk: whose they are after a daemon died.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Change } from "../../agent/core/machine.ts";
import { openChanges } from "../../agent/log/changes.ts";

const folder = mkdtempSync(join(tmpdir(), "heird-changes-"));
const path = join(folder, "changes.json");
afterEach(() => rmSync(path, { force: true }));

const link = (name: string, mac: string): Change => ({ type: "link", name, mac });
const setting = (before: string): Change => ({
  type: "sysctl",
  path: "net/ipv4/conf/eth0/arp_ignore",
  before,
  set: "1",
});

test("how a setting was before the first change counts, whatever followed", () => {
  const changes = openChanges(path, "boot");
  changes.record([setting("0")]);
  changes.record([setting("1")]);
  expect(openChanges(path, "boot").all()).toEqual([setting("0")]);
  expect(openChanges(path, "another boot").all()).toEqual([]);
});

test("an interface that replaced another of its name is ours, too", () => {
  const [was, is] = [link("vip", "00:00:5e:00:01:33"), link("vip", "00:00:5e:00:01:34")];
  const changes = openChanges(path, "boot");
  changes.record([was]);
  changes.record([is]);
  changes.forget([was]);
  expect(openChanges(path, "boot").all()).toEqual([is]);
  changes.forget([is]);
  expect(openChanges(path, "boot").all()).toEqual([]);
});
