// What lies where a configuration should: nothing there may keep a reader waiting, or fill the memory.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfig } from "../../config/load.ts";

const INSTANCE =
  "vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    192.0.2.10/24\n  }\n}\n";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-disk-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const written = (name: string, text: string, mode = 0o644): string => {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};
const pipe = (name: string): string => {
  const path = join(folder, name);
  execFileSync("mkfifo", [path]);
  return path;
};
const told = (path: string, portable = false) => {
  const { config, diagnostics } = loadConfig(path, { portable });
  return { instances: config?.routers.length, said: diagnostics.map(({ code, message }) => `${code} ${message}`) };
};

test("an include passes over what Keepalived passes over, says so, and waits for nobody", () => {
  written("d/a.conf", INSTANCE);
  written("d/check.sh", "#!/bin/sh\nexit 0\n", 0o755);
  mkdirSync(join(folder, "d/more"));
  pipe("d/pipe");
  const path = written("all.conf", "include d/*\n");
  const passedOver = (name: string, why: string) =>
    `H0038 ${join(folder, "d", name)} is passed over, as Keepalived does: ${why}`;
  expect(told(path)).toEqual({
    instances: 1,
    said: [
      passedOver("check.sh", "it may be executed"),
      passedOver("more", "it is a directory"),
      passedOver("pipe", "it is a pipe"),
    ],
  });
  const named = written("named.conf", `include d/pipe\n${INSTANCE}`);
  expect(told(named)).toEqual({ instances: 1, said: [passedOver("pipe", "it is a pipe")] });
});

test("a pipe, a device and a directory are no configurations", () => {
  const refused = (path: string, why: string) => ({
    instances: undefined,
    said: [`H0003 cannot read ${path}: it is a ${why}`],
  });
  const fifo = pipe("fifo");
  expect(told(fifo)).toEqual(refused(fifo, "pipe"));
  expect(told("/dev/zero")).toEqual(refused("/dev/zero", "device"));
  expect(told(folder)).toEqual(refused(folder, "directory"));
});

test("of a file that is too large nothing is read", () => {
  const large = written("large.conf", INSTANCE);
  truncateSync(large, 40 * 2 ** 30); // 40 GiB of zeros, which take no room on the disk
  const { said } = told(large);
  expect(said).toEqual(["H0030 the configuration has more than 32 MiB"]);
  const more = written("more.conf", `${INSTANCE}include large.conf\n`);
  expect(told(more)).toEqual({ instances: undefined, said });
});

test("a configuration that may be executed is read, and said to be nothing for Keepalived", () => {
  const path = written("executable.conf", INSTANCE, 0o755);
  expect(told(path)).toEqual({ instances: 1, said: [] });
  expect(told(path, true).said).toEqual([`H0408 Keepalived passes over ${path}: it may be executed`]);
});

test("what a shell hands over is read", () => {
  const reading = `import { loadConfig } from ${JSON.stringify(join(process.cwd(), "dist/config/load.js"))};
    console.log(loadConfig("/dev/stdin").config?.routers.length);`;
  const command = `cat "$1" | "$2" --input-type=module -e "$3"`;
  const path = written("handed.conf", INSTANCE);
  const words = ["-c", command, "sh", path, process.execPath, reading];
  expect(execFileSync("sh", words, { encoding: "utf8" })).toBe("1\n");
});
