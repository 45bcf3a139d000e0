// What only the machine can tell, asked of a made-up one, and of this one's files.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseAddress } from "../../agent/core/address.ts";
import type { Host, OwnAddress } from "../../config/host-facts.ts";
import { thisMachine } from "../../config/machine.ts";
import { loadText } from "./memory.ts";

const own = (text: string, prefixLength: number): OwnAddress => {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(text);
  return { address, prefixLength };
};

/** eth0 has 192.0.2.1/24; the scripts below /good may be run, those below /open may be written by others. */
const machine: Host = {
  interfaceExists: (name) => name === "eth0",
  userExists: (name) => ["root", "checker"].includes(name),
  groupExists: (name) => name === "root",
  cannotRun: (program) => (/^\/(good|open)\//.test(program) ? null : "it does not exist"),
  othersMayWrite: (program) => program.startsWith("/open/"),
  addressesOf: (name) => (name === "eth0" ? [own("192.0.2.1", 24)] : undefined),
  promotesSecondaries: () => false,
};

const instance = (lines: string, addresses = "192.0.2.10/24") =>
  `vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n${lines}\nvirtual_ipaddress {\n${addresses}\n}\n}\n`;
const globals = (line: string) => `global_defs {\n${line}\n}\n`;
const script = (lines: string, globals = "script_user root") =>
  `${instance("track_script {\nc\n}")}vrrp_script c {\n${lines}\n}\nglobal_defs {\n${globals}\n}\n`;

/** The codes of the machine's own, with their lines, and what they say. */
const told = (text: string, host: Host = machine): readonly string[] =>
  loadText(text, { host, assumeHonoured: true }).diagnostics.flatMap(({ code, position, message }) =>
    /^H05/.test(code) && code !== "H0504" ? [`${code} ${position.line} ${message}`] : [],
  );

test("what fits the machine is told nothing", () => {
  expect(told(script('script "/good/check -x"'))).toEqual([]);
});

describe("what does not", () => {
  test.each([
    ["an interface", instance("", "192.0.2.10/24 dev eth7"), "H0501 6 there is no interface eth7 on this machine"],
    [
      "an address in no network of the interface",
      instance("", "198.51.100.10/24"),
      "H0507 6 198.51.100.10 is in no network of eth0, which has 192.0.2.1/24",
    ],
    [
      "a script that is missing",
      script('script "/missing/check -x"'),
      "H0511 12 /missing/check cannot be run: it does not exist",
    ],
    [
      "a program of global_defs that is missing",
      instance("") + globals('startup_script "/missing/start x"'),
      "H0502 10 /missing/start cannot be run: it does not exist",
    ],
    [
      "a reader of a pipe whose user is missing",
      instance("") + globals("vrrp_notify_fifo_script /good/reader stranger"),
      "H0505 10 there is no user stranger to run this",
    ],
    [
      "a group of script_user that is missing",
      instance("notify /good/hook") + globals("script_user root strangers"),
      "H0505 4 there is no group strangers to run this",
    ],
    [
      "a hook that is missing",
      instance('notify_master "/missing/hook" root'),
      "H0502 4 /missing/hook cannot be run: it does not exist",
    ],
    [
      "a script that others may write",
      script("script /open/check"),
      "H0503 12 /open/check runs as root, and others may change it or a directory above it",
    ],
    ["a user", script("script /good/check\nuser nobody7"), "H0505 12 there is no user nobody7 to run this"],
    [
      "nobody to run it",
      script("script /good/check", "enable_script_security"),
      "H0506 12 enable_script_security is set, and nothing says who runs this",
    ],
  ])("%s", (_what, text, expected) => {
    expect(told(text)).toEqual([expected]);
  });

  test("an interface that may come later is not missed", () => {
    const text = `global_defs {\ndynamic_interfaces\n}\n${instance("", "192.0.2.10/24 dev eth7")}`;
    expect(told(text)).toEqual([]);
  });

  test("with script security a script that others may write is an error, as another user it is nothing", () => {
    const secure = script("script /open/check", "script_user root\nenable_script_security");
    expect(told(secure)).toEqual([expect.stringMatching(/^H0510 12 /)]);
    expect(loadText(secure, { host: machine, assumeHonoured: true }).config).toBeNull();
    expect(told(script("script /open/check", "script_user checker\nenable_script_security"))).toEqual([]);
  });

  test("a daemon that is not root runs as itself what names nobody: nothing is said of root, and nobody is missing", () => {
    const heird: Host = { ...machine, ownUser: () => "996" };
    const codes = (text: string, host: Host) =>
      loadText(text, { host: { ...host, userExists: (name) => name !== "keepalived_script" } }).diagnostics.flatMap(
        ({ code }) => (/^H050[346]|^H0510/.test(code) ? [code] : []),
      );
    expect(codes(script("script /open/check", ""), machine)).toEqual(["H0504", "H0503"]);
    expect(codes(script("script /open/check", ""), heird)).toEqual([]);
    expect(codes(script("script /open/check", "enable_script_security"), machine)).toEqual(["H0506", "H0510"]);
    expect(codes(script("script /open/check", "enable_script_security"), heird)).toEqual([]);
    expect(codes(script("script /open/check", "script_user root"), heird)).toEqual(["H0504", "H0503"]);
  });

  test("255 without the address, and addresses that go with another, name both places", () => {
    expect(told(instance("priority 255"))).toEqual([expect.stringMatching(/^H0509 4 .*192\.0\.2\.10 is not on eth0$/)]);
    const siblings = told(instance("", "10.0.0.1/24\n10.0.0.2/24")).filter((line) => line.startsWith("H0508"));
    expect(siblings).toEqual([expect.stringMatching(/^H0508 7 10\.0\.0\.2 goes from eth0 when 10\.0\.0\.1 goes/)]);
  });
});

describe("files of this machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "heird-host-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, "#!/bin/sh\n");
    chmodSync(path, mode);
    return path;
  };

  test("are run when they can be, and the reason is told when not", () => {
    expect(thisMachine.cannotRun?.(file("good", 0o755), "root")).toBeNull();
    expect(thisMachine.cannotRun?.(file("plain", 0o644), "root")).toBe("permission denied");
    expect(thisMachine.cannotRun?.(join(folder, "none"), "root")).toBe("it does not exist");
    mkdirSync(join(folder, "directory"));
    expect(thisMachine.cannotRun?.(join(folder, "directory"), "root")).toBe("it is no regular file");
    expect(thisMachine.cannotRun?.("sh", "root")).toBeNull();
  });

  test("are changed by others when they or a directory above may be written", () => {
    expect(thisMachine.othersMayWrite?.(file("open", 0o757))).toBe(true);
    const loose = join(folder, "loose");
    mkdirSync(loose);
    chmodSync(loose, 0o777);
    writeFileSync(join(loose, "inner"), "");
    chmodSync(join(loose, "inner"), 0o755);
    expect(thisMachine.othersMayWrite?.(join(loose, "inner"))).toBe(true);
  });
});
