// heird check as editors and CI use it: the document, whose form stays, and the exit codes.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { check } from "../../agent/cli/check.ts";
import { EXIT } from "../../agent/cli/refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "heird-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const flags = { json: false, portable: false, strict: false, "config-id": "node1" } as const;
const instance = (lines: string) =>
  `vrrp_instance VI {\n  interface eth0\n  virtual_router_id 51\n  ${lines}\n  virtual_ipaddress {\n    192.0.2.10/24\n  }\n}\n`;

let count = 0;
function fileOf(text: string): string {
  const path = join(folder, `${count++}.conf`);
  writeFileSync(path, text);
  return path;
}

/** The exit code, and what went to each stream. */
function run(texts: readonly string[], more: Partial<typeof flags> | Record<string, boolean> = {}) {
  const written = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  const paths = texts.map(fileOf);
  const code = check(paths, { ...flags, ...more });
  vi.restoreAllMocks();
  return { code, paths, ...written };
}

test("nothing wrong, a warning, an error: 0, 0 or strict, and the configuration's", () => {
  expect(run([instance("priority 100")]).code).toBe(EXIT.ok);
  expect(run([instance("priority 100 x")]).code).toBe(EXIT.ok);
  expect(run([instance("priority 100 x")], { strict: true }).code).toBe(EXIT.strict);
  expect(run([instance("priority 1000")]).code).toBe(EXIT.config);
  expect(run([instance("priority 1000")], { strict: true }).code).toBe(EXIT.config);
  expect(run([""]).code).toBe(EXIT.config);
  // Two files that are right by themselves may be wrong together.
  expect(run([instance("priority 100"), instance("priority 90\n  advert_int 2")]).code).toBe(EXIT.config);
});

test("what editors read: schema 1, and no field less or more", () => {
  const { code, stdout, stderr, paths } = run([`$P=300\n${instance("priority $P")}`], { json: true });
  expect([code, stderr]).toEqual([EXIT.config, ""]);
  const position = (line: number, column: number, length: number) => ({ file: paths[0], line, column, length });
  expect(JSON.parse(stdout)).toEqual({
    schema: 1,
    errors: 1,
    warnings: 0,
    files: paths,
    diagnostics: [
      {
        code: "H0104",
        severity: "error",
        message: "priority 300 is outside 1..255",
        position: position(5, 12, 2),
        notes: [{ position: position(1, 1, 2), message: "$P is defined here" }],
        help: "write a whole number in 1..255",
      },
    ],
  });
});

test("a cluster adds who is Master, now and then", () => {
  const { code, stdout, paths } = run([instance("priority 150"), instance("priority 100")], { json: true });
  expect(code).toBe(EXIT.ok);
  const member = (i: number, priority: number) => ({
    file: paths[i],
    name: "VI",
    interface: "eth0",
    priority,
    preempt: true,
  });
  expect(JSON.parse(stdout).cluster).toEqual([
    {
      vrid: 51,
      family: "ipv4",
      members: [member(0, 150), member(1, 100)],
      winner: { file: paths[0], name: "VI", priority: 150 },
      tied: false,
      failures: [
        {
          what: "interface eth0",
          priority: null,
          winner: { file: paths[1], name: "VI", priority: 100 },
          moves: true,
        },
      ],
    },
  ]);
});
