// What is asked without a program, of servers of this test on loopback.

import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type IpAddress, parseAddress } from "../../agent/core/address.ts";
import type { Answer, HttpQuestion } from "../../agent/core/check.ts";
import { milliseconds } from "../../agent/core/time.ts";
import { file, initiate, numberFrom } from "../../checks/file.ts";
import { numberIn } from "../../checks/metric.ts";
import { missingIn } from "../../checks/page.ts";
import { isMeant } from "../../checks/process.ts";
import { eventually } from "../netns/eventually.ts";
import { answerOf, check, page, shell } from "./ask.ts";

const ip = (text: string): IpAddress => parseAddress(text) as IpAddress;
const directory = mkdtempSync(join(tmpdir(), "heird-native-"));
const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
  rmSync(directory, { recursive: true, force: true });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe("a page", async () => {
  const server = createServer((asked, answer) => {
    if (asked.url === "/slow") setTimeout(() => answer.end("late"), 120);
    else if (asked.url === "/never") return;
    else answer.writeHead(Number(asked.url?.slice(1)) || 200).end('{"role":"primary","lag":{"bytes":3}}');
  });
  const port = await portOf(server);
  closers.push(() => server.closeAllConnections());
  const urlOf = (path: string): string => `http://127.0.0.1:${port}${path}`;
  const ask = (path: string, more: Partial<HttpQuestion> = {}) => answerOf(check(page(urlOf(path), more)));

  test("is judged by its code", async () => {
    expect(await ask("/204")).toMatchObject({ ok: true, detail: "HTTP 204" });
    expect(await ask("/503")).toMatchObject({ ok: false, detail: "HTTP 503" });
    expect(await ask("/503", { status: [{ from: 500, to: 503 }] })).toMatchObject({ ok: true });
  });

  test("is judged by what it says", async () => {
    const bodies = (one: HttpQuestion["bodies"][number]) => ask("/", { bodies: [one] });
    expect(await bodies({ kind: "text", text: "primary" })).toMatchObject({ ok: true });
    expect(await bodies({ kind: "json", pointer: "/role", value: "replica" })).toMatchObject({
      ok: false,
      detail: "HTTP 200, but /role is not replica",
    });
    expect(await bodies({ kind: "regex", source: "lag.*\\d" })).toMatchObject({ ok: true });
  });

  test("that does not come is a failure when its time is over", async () => {
    const run = await answerOf(check(page(urlOf("/never")), { timeout: milliseconds(100) }));
    expect(run).toMatchObject({ ok: false, timedOut: true, detail: "no answer within 0.1s" });
  });

  test("that comes late is bad where that matters", async () => {
    const slow = check(page(urlOf("/slow")), { latency: milliseconds(100) });
    expect(await answerOf(slow)).toMatchObject({ ok: false, detail: "good, but slower than 0.1s" });
    expect(await ask("/slow")).toMatchObject({ ok: true });
  });

  test("where nobody listens is a failure with its reason", async () => {
    const refused = check(page("http://127.0.0.1:1/"));
    expect((await answerOf(refused)).detail).toContain("ECONNREFUSED");
  });
});

describe("what a page must say", () => {
  test("is found by pointers as RFC 6901 has them", () => {
    const body = JSON.stringify({ "a/b": [{ "m~n": true }] });
    expect(missingIn(body, [{ kind: "json", pointer: "/a~1b/0/m~0n", value: "true" }])).toBeNull();
    expect(missingIn(body, [{ kind: "json", pointer: "/a", value: "1" }])).toBe("there is nothing at /a");
    expect(missingIn("<html>", [{ kind: "json", pointer: "/a", value: "1" }])).toBe("what was read is no JSON");
  });

  test("is not searched for for ever", () => {
    // Each a may belong to either plus: 2^40 ways to fail.
    const why = missingIn(`${"a".repeat(40)}!`, [{ kind: "regex", source: "^(a+)+$" }]);
    expect(why).toBe("/^(a+)+$/ searched the page for more than 100 ms");
  });
});

const ANSWERS: Readonly<Record<string, string>> = { "PING\r\n": "+PONG\r\n", HELLO: "-ERR\r\n" };

describe("a connection", async () => {
  const server = createTcpServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (asked) => socket.end(ANSWERS[asked.toString()] ?? asked));
  });
  const port = await portOf(server);
  const ask = (send: string | null, expect: readonly string[]) =>
    answerOf(check({ kind: "tcp", host: "127.0.0.1", port, send, expect }));

  test("is good when it is made, and when it says what it must", async () => {
    expect(await ask(null, [])).toMatchObject({ ok: true, detail: "connected" });
    expect(await ask("PING\r\n", ["PONG"])).toMatchObject({ ok: true });
    expect(await ask("HELLO", ["PONG"])).toMatchObject({ ok: false, output: "-ERR\r\n" });
  });

  test("is spoken to in octets, which a file writes as C does", async () => {
    // As a file has them: \\r is a backslash and an r there. 0x50 is P; grün is 67 72 c3 bc 6e in UTF-8.
    expect(await ask("\\x50ING\\r\\n", ["+PONG\\r\\n"])).toMatchObject({ ok: true });
    expect(await ask("grün", ["gr\\xc3\\xbcn"])).toMatchObject({ ok: true });
    expect(await ask("grün", ["grün"])).toMatchObject({ ok: true });
    expect(await ask("a\\\\b", ["a\\\\b"])).toMatchObject({ ok: true });
    expect(await ask("grün", ["PONG"])).toMatchObject({ ok: false, output: "grün" });
  });
});

describe("a name", async () => {
  // RFC 1035 §4.1: the question comes back with one answer for a name of 4 letters; NXDOMAIN for others. Types 1, 28
  // and 5 are A, AAAA and CNAME; their data 4, 16 and 12 octets, the last one a name of 2 and one of 7 letters.
  const DATA: Readonly<Record<number, readonly number[]>> = {
    1: [192, 0, 2, 7],
    28: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80],
    5: [2, ...Buffer.from("mx"), 7, ...Buffer.from("example"), 0],
  };
  const server = createSocket("udp4");
  server.on("message", (asked, from) => {
    const known = asked.toString("latin1", 13, 17) === "good";
    const reply = Buffer.concat([asked.subarray(0, asked.indexOf(0, 12) + 5)]);
    reply.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
    reply.writeUInt16BE(known ? 1 : 0, 6);
    reply.writeUInt32BE(0, 8);
    const type = asked.readUInt16BE(asked.indexOf(0, 12) + 1);
    const data = DATA[type] ?? [];
    const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length, ...data]);
    server.send(known ? Buffer.concat([reply, record]) : reply, from.port, from.address);
  });
  await new Promise<void>((resolve) => void server.bind(53, "127.0.0.53", resolve)).catch(() => undefined);
  closers.push(() => void server.close());
  const ask = (name: string, expected: readonly string[], type = "A") =>
    answerOf(check({ kind: "dns", name, type, resolver: ip("127.0.0.53"), expect: expected }));

  test("is good when it is found, with the answer that is expected", async () => {
    expect(await ask("good.example", [])).toMatchObject({ ok: true, detail: "good.example A found" });
    expect(await ask("good.example", ["192.0.2.7"])).toMatchObject({ ok: true });
    expect(await ask("good.example", ["192.0.2.8"])).toMatchObject({ ok: false, output: "192.0.2.7" });
    expect(await ask("bad.example", [])).toMatchObject({ ok: false });
  });

  test("is compared without regard to capitals and the last dot", async () => {
    expect(await ask("good.example", ["2001:db8::80"], "AAAA")).toMatchObject({ ok: true });
    expect(await ask("good.example", ["2001:db8::81"], "AAAA")).toMatchObject({ ok: false, output: "2001:db8::80" });
    expect(await ask("good.example", ["MX.example."], "CNAME")).toMatchObject({ ok: true });
  });
});

describe("a number", () => {
  test("is a text or stands in a document", () => {
    expect(numberIn(" 0.75\n", null)).toMatchObject({ ok: true, value: 0.75 });
    expect(numberIn('{"load":{"one":"1.5"}}', "/load/one")).toMatchObject({ ok: true, value: 1.5 });
    expect(numberIn("much", null)).toMatchObject({ ok: false, detail: "what was read is no number" });
    expect(numberIn('{"load":null}', "/load")).toMatchObject({ ok: false, detail: "there is no number at /load" });
  });

  test("comes from a file and from a script", async () => {
    const path = join(directory, "metric");
    writeFileSync(path, "42\n");
    expect(await answerOf(check({ kind: "metric", number: { kind: "file", path }, pointer: null }))).toMatchObject({
      value: 42,
    });
    const { question } = shell("echo 7");
    if (question.kind !== "script") throw new Error("a shell is a script");
    const number = { kind: "script", program: question.program } as const;
    expect(await answerOf(check({ kind: "metric", number, pointer: null }))).toMatchObject({
      ok: true,
      value: 7,
      exit: 0,
    });
  });
});

describe("a file that cannot be read to its end", () => {
  const numberOf = (path: string) => check({ kind: "metric", number: { kind: "file", path }, pointer: null });

  test("costs nobody else anything", async () => {
    const pipe = join(directory, "pipe");
    execFileSync("mkfifo", [pipe]);
    // libuv reads files in four threads; of what waited in one, five would leave none.
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((i) => {
        symlinkSync(pipe, `${pipe}${i}`);
        return answerOf(numberOf(`${pipe}${i}`));
      }),
    );
    for (const said of answers) expect(said).toMatchObject({ ok: false, detail: "what was read is no number" });
    const path = join(directory, "beside");
    writeFileSync(path, "42");
    expect(await answerOf(numberOf(path))).toMatchObject({ ok: true, value: 42 });
    expect(await answerOf(check({ kind: "file", path: pipe, init: null }))).toMatchObject({ ok: true, value: 0 });
  });

  test("is read as far as a number can reach", async () => {
    expect(await answerOf(numberOf("/dev/zero"))).toMatchObject({ ok: false, detail: "what was read is no number" });
  });
});

describe("a tracked file", () => {
  test.each([
    ["17\n", 17],
    ["-3", -3],
    ["0x10", 16],
    ["010", 8],
    ["  5 apples", 5],
    ["0", 0],
    ["many", 0],
    ["", 0],
    ["7up", 0],
  ])("%j counts as %d", (text, value) => {
    expect(numberFrom(text)).toMatchObject({ ok: true, value });
  });

  test("is followed when it comes, changes, is renamed and goes", async () => {
    const path = join(directory, "dir", "number");
    const heard: Answer[] = [];
    const following = file({ kind: "file", path, init: null }).subscribe((said) => heard.push(said));
    const last = (value: number) => eventually(`${value}`, () => heard.at(-1)?.value === value);
    // Not even its directory is there.
    await last(0);
    mkdirSync(join(directory, "dir"));
    writeFileSync(path, "5");
    await last(5);
    writeFileSync(path, "6");
    await last(6);
    writeFileSync(`${path}.new`, "7");
    renameSync(`${path}.new`, path);
    await last(7);
    renameSync(path, `${path}.old`);
    await last(0);
    renameSync(`${path}.old`, path);
    await last(7);
    unlinkSync(path);
    await last(0);
    following.unsubscribe();
  });

  test("is made at the start where there is none, and overwritten only when it is to be", async () => {
    const path = join(directory, "initial");
    const value = async () => (await answerOf(check({ kind: "file", path, init: null }))).value;
    initiate({ kind: "file", path, init: { value: 3, overwrite: false } });
    expect(await value()).toBe(3);
    initiate({ kind: "file", path, init: { value: 4, overwrite: false } });
    expect(await value()).toBe(3);
    initiate({ kind: "file", path, init: { value: 5, overwrite: true } });
    expect(await value()).toBe(5);
  });
});

describe("a tracked process", () => {
  const wanted = {
    kind: "process",
    process: ["haproxy"],
    paramMatch: null,
    fullCommand: false,
    quorum: 1,
    quorumMax: null,
  } as const;
  const running = { comm: "haproxy", argv: ["/usr/sbin/haproxy", "-f", "/etc/haproxy.cfg", "-db"] };

  test("is known by its name, which the kernel cuts at 15 bytes", () => {
    expect(isMeant(wanted, running)).toBe(true);
    expect(isMeant({ ...wanted, process: ["hapro"] }, running)).toBe(false);
    const long = { comm: "a-name-of-more-", argv: ["a-name-of-more-than-15"] };
    expect(isMeant({ ...wanted, process: ["a-name-of-more-than-15"] }, long)).toBe(true);
  });

  test("is known by its command line when that is asked for", () => {
    const parameters = (...given: readonly string[]) => ({ ...wanted, process: ["haproxy", ...given] });
    expect(isMeant(parameters("-f", "/etc/haproxy.cfg", "-db"), running)).toBe(true);
    expect(isMeant(parameters("-f", "/etc/haproxy.cfg"), running)).toBe(false);
    expect(isMeant({ ...parameters("-f", "/etc/haproxy.cfg"), paramMatch: "partial" }, running)).toBe(true);
    expect(isMeant({ ...parameters("-f", "/etc/ha"), paramMatch: "initial" }, running)).toBe(true);
    expect(isMeant({ ...parameters("-f", "/etc/hb"), paramMatch: "initial" }, running)).toBe(false);
    expect(isMeant({ ...wanted, fullCommand: true }, running)).toBe(false);
  });

  test("is counted", async () => {
    // This very process and its like.
    const name = (await import("node:fs")).readFileSync("/proc/self/comm", "utf8").trim();
    const counted = (more: object) =>
      answerOf(check({ ...wanted, process: [name], ...more }, { timeout: milliseconds(5_000) }));
    expect(await counted({})).toMatchObject({ ok: true });
    expect(await counted({ quorumMax: 0, quorum: 0 })).toMatchObject({ ok: false });
    expect(await counted({ process: ["no-such-process"] })).toMatchObject({ ok: false, value: 0 });
  });
});
