import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { usualAddress, usualRouter } from "../../agent/core/usual.ts";
import { printDiagnostics } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { thisMachine } from "../../config/machine.ts";
import { codesOf, loadText, memory } from "./memory.ts";

const sample = (state: string, priority: number, end: string) => `vrrp_instance VI_1 {
 state ${state}
 interface eth0
 virtual_router_id 1
 priority ${priority}
 authentication {
  auth_type PASS
  auth_pass password
 }
 virtual_ipaddress {
  192.168.1.1/24 brd 192.168.1.255 dev eth0
 }
${end}`;

test("the sample Master is lowered in full", () => {
  const { config, diagnostics } = loadText(sample("MASTER", 100, "}\n"));
  expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(config?.routers).toEqual([
    {
      key: "eth0/ipv4/1",
      name: "VI_1",
      interface: "eth0",
      family: "ipv4",
      vrid: 1,
      version: 2,
      ...usualRouter("ipv4"),
      basePriority: 100,
      adverInterval: 1_000_000,
      downTimerAdverts: 3,
      preempt: true,
      preemptDelay: 0,
      authentication: { type: "pass", password: "password" },
      v3Checksum: "pseudoHeader",
      virtualAddresses: [
        {
          address: "192.168.1.1",
          ...usualAddress,
          prefixLength: 24,
          interface: "eth0",
          broadcast: "192.168.1.255",
        },
      ],
      announce: {
        masterRepeat: 5,
        masterDelay: 5_000_000,
        refresh: 0,
        refreshRepeat: 1,
        lowerPriorityRepeat: 5,
        lowerPriorityDelay: 5_000_000,
      },
    },
  ]);
});

test("the sample Backup, printed without its last brace, runs with a warning at the block never closed", () => {
  const loaded = loadText(sample("BACKUP", 50, ""));
  expect(loaded.config?.routers[0]?.basePriority).toBe(50);
  expect(codesOf(loaded)).toEqual(["H0011 1:1"]);
  expect(printDiagnostics(loaded.diagnostics, loaded.files, { colour: false })).toBe(
    [
      "/etc/heird/heird.conf:1:1: warning[H0011]: vrrp_instance VI_1 is never closed: the file ends and its closing brace is missing",
      "   1 | vrrp_instance VI_1 {",
      "     | ^^^^^^^^^^^^^^^^^^",
      "  = help: add a } at the end",
      "1 warning",
    ].join("\n"),
  );
});

test("a file that does not exist is one error with its name", () => {
  const { config, diagnostics } = loadConfig("/nowhere/heird.conf", { reader: memory({}) });
  expect(config).toBeNull();
  expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
    ["H0003", "cannot read /nowhere/heird.conf: it does not exist"],
  ]);
});

test("the disk is read, and this machine is asked", () => {
  const directory = mkdtempSync(join(tmpdir(), "heird-config-"));
  try {
    const path = join(directory, "heird.conf");
    writeFileSync(path, sample("MASTER", 100, "}\n").replaceAll("eth0", "nosuch0"));
    const { config, diagnostics } = loadConfig(path, { host: thisMachine });
    expect(config).toBeNull();
    expect(
      diagnostics
        .filter(({ severity }) => severity === "error")
        .map(({ code, position }) => `${code} ${position.line}`),
    ).toEqual(["H0501 3"]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
