// Who asked: in words, and what is read of a process.

import { describe, expect, it, test } from "vitest";
import { type Actor, askedBy, inShort } from "../../agent/core/actor.ts";
import type { Observation } from "../../agent/core/event.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { commandIn, terminalIn } from "../../agent/linux/caller.ts";
import { causesIn, noticesOf } from "../hooks/told.ts";
import { ip, router } from "../log/history.ts";
import { somebody } from "./somebody.ts";

describe("who asked", () => {
  it.each<[string, Actor | undefined, string]>([
    ["nobody", undefined, ""],
    ["somebody", somebody, ", asked by uid 0 (login uid 1000) on pts/3, pid 4711: heird reload"],
    [
      "somebody that /proc hides",
      { ...somebody, loginUid: null, tty: null, word: "caller" },
      ", asked by uid 0, pid 4711: heird reload (by its own word)",
    ],
    ["somebody silent", { ...somebody, loginUid: null, tty: null, command: null }, ", asked by uid 0, pid 4711"],
    ["a signal", { via: "signal", signal: "SIGHUP" }, ", asked by SIGHUP (a signal has no sender)"],
  ])("is said of %s", (_, actor, text) => expect(askedBy(actor)).toBe(text));

  it("is known by the login, which sudo does not change", () => {
    expect(inShort(somebody)).toBe("uid 1000");
    expect(inShort({ ...somebody, loginUid: null })).toBe("uid 0");
    expect(inShort({ via: "signal", signal: "SIGTERM" })).toBe("SIGTERM");
  });
});

test("hooks are told who asked, and for what", () => {
  const config = { ...usualAgent, routers: [router("eth0", "ipv4", 51, { hooks: { ...usualHooks, mail: true } })] };
  const happened: readonly Observation[] = [
    { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
    { type: "addressesChanged", interface: "eth0", added: [ip("10.0.0.7")], removed: [] },
    { type: "configured", config, by: somebody },
    { type: "commanded", command: { type: "startup" }, by: somebody },
    { type: "configured", config: { ...config, routers: [] }, by: { via: "signal", signal: "SIGHUP" } },
  ];
  expect(noticesOf(happened).flatMap(causesIn)).toEqual([
    "startup, asked by uid 0 (login uid 1000) on pts/3, pid 4711: heird reload",
    "a new configuration, asked by SIGHUP (a signal has no sender)",
  ]);
});

describe("a command line", () => {
  it("is one line, without passwords of URLs, and not for ever", () => {
    expect(commandIn(["heird", "reload", "", ""])).toBe("heird reload");
    expect(commandIn(["a\nb\u001b[31m"])).toBe("a?b?[31m");
    expect(commandIn(["x", "--redis", "rediss://node:geheim@10.0.0.1/0"])).toBe("x --redis rediss://***@10.0.0.1/0");
    expect(commandIn(["y".repeat(400)])).toBe(`${"y".repeat(256)}…`);
    expect(commandIn([""])).toBeNull();
  });
});

describe("a terminal", () => {
  // proc(5): tty_nr is the seventh field; minor in bits 0-7 and 20-31, major in 8-19. 136 * 256 + 3 = 34819; tty1: 4 * 256 + 1.
  it.each([
    ["34819", "pts/3"],
    ["1025", "tty1"],
    // Minor 300 of major 136: 300 = 0x12c, so (0x1 << 20) | (136 << 8) | 0x2c = 1048576 + 34816 + 44.
    ["1083436", "pts/300"],
    ["0", null],
  ])("with number %s is %s", (number, name) =>
    expect(terminalIn(`4711 (a (b) c) S 1 4711 4711 ${number} -1`)).toBe(name),
  );
});
