// The parts of agent/linux that need no network: the lock of the state directory, who is at the other
// end of a Unix socket, and what the service manager is told.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { instantAt } from "../../agent/core/time.ts";
import { callerOf, described, ownCaller } from "../../agent/linux/caller.ts";
import { clockPair, now } from "../../agent/linux/clock.ts";
import { bind, close, receive, rest, SOCK_CLOEXEC, SOCK_NONBLOCK, socket, wallClock } from "../../agent/linux/ffi.ts";
import { lockFile } from "../../agent/linux/lock.ts";
import { capabilities } from "../../agent/linux/realtime.ts";
import { notifyManager, peerCredentials } from "../../agent/linux/unix-socket.ts";
import { mustSkip } from "../netns/requirements.ts";

/** PID_MAX_LIMIT of a 64-bit kernel is 2 ** 22. */
const BEYOND_PIDS = 2 ** 22 + 1;

describe.skipIf(mustSkip("files and Unix sockets", []))("files and Unix sockets", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "heird-files-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("locks a file for one at a time, and until the process that has it ends", async () => {
    const path = join(folder, "lock");
    const first = lockFile(path);
    expect(first.ok).toBe(true);
    const second = lockFile(path);
    expect(second).toMatchObject({ ok: false, errno: 11, error: expect.stringMatching(/^EAGAIN: .*another process/) });
    if (first.ok) {
      first.release();
      first.release();
    }
    const third = lockFile(path);
    expect(third.ok).toBe(true);
    if (third.ok) third.release();

    // flock(1) takes the same kind of lock. What it becomes says so, and keeps it until it is killed.
    const other: ChildProcess = spawn("flock", ["--no-fork", "-x", path, "sh", "-c", "echo held; exec sleep 60"]);
    if (other.stdout === null) expect.unreachable("flock has no output");
    else await once(other.stdout, "data");
    expect(lockFile(path)).toMatchObject({ ok: false, errno: 11 });
    const gone = once(other, "exit");
    other.kill("SIGKILL");
    await gone;
    const last = lockFile(path);
    expect(last.ok).toBe(true);
    if (last.ok) last.release();
    expect(lockFile(join(folder, "missing", "lock"))).toMatchObject({ ok: false, errno: 2 });
  });

  it("knows who connected", async () => {
    const path = join(folder, "control");
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    const connect = "require('node:net').connect(process.argv[1]).resume()";
    const client = spawn(process.execPath, ["-e", connect, path], { stdio: "ignore" });
    const [connection]: [Socket] = (await once(server, "connection")) as [Socket];
    const handle: unknown = Reflect.get(connection, "_handle");
    const fd: unknown = handle === null || typeof handle !== "object" ? undefined : Reflect.get(handle, "fd");
    expect(peerCredentials(Number(fd))).toEqual({
      ok: true,
      peer: { pid: client.pid, uid: process.getuid?.(), gid: process.getgid?.() },
    });
    expect(peerCredentials(-1)).toMatchObject({ ok: false, errno: 9 });
    // A process that is at the end of its socket shows its command line, whatever it says of itself.
    const self = ownCaller(["heird"]);
    const word = { loginUid: 4711, command: "something else" };
    const { loginUid, tty, uid, gid } = self;
    expect(await callerOf(Number(fd), word)).toMatchObject({
      pid: client.pid,
      uid,
      gid,
      loginUid,
      tty,
      word: "kernel",
    });
    expect((await callerOf(Number(fd), word))?.command).toContain("node:net");
    expect(self).toMatchObject({ pid: process.pid, command: "heird", word: "kernel" });
    expect(await callerOf(-1, word)).toBeNull();
    // One that /proc does not show, as it has ended or is hidden, is known by the kernel's numbers and its own word.
    const hidden = { pid: BEYOND_PIDS, uid: 7, gid: 8 };
    expect(await described(hidden, word)).toEqual({ ...hidden, ...word, tty: null, word: "caller" });
    const gone = once(client, "exit");
    connection.destroy();
    client.kill("SIGKILL");
    await gone;
    server.close();
  });

  it.each(["path", "abstract"])("tells the service manager on a socket with %s name", (kind) => {
    const name = kind === "path" ? join(folder, "notify") : `@heird-notify-${process.pid}`;
    // AF_UNIX and SOCK_DGRAM; an abstract name begins with a zero in the place of the @.
    const fd = socket(1, 2 | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const text = kind === "path" ? `${name}\0` : `\0${name.slice(1)}`;
    expect(bind(fd, Buffer.concat([Uint8Array.of(1, 0), Buffer.from(text)]))).toBe(0);
    expect(notifyManager("READY=1\nSTATUS=holding 2 of 3", name)).toEqual({ ok: true });
    const got = new Uint8Array(256);
    const length = receive(fd, got);
    expect(new TextDecoder().decode(got.subarray(0, Math.max(0, length)))).toBe("READY=1\nSTATUS=holding 2 of 3");
    close(fd);
    expect(notifyManager("READY=1", name)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/^ECONNREFUSED: /),
    });
  });

  it("tells the time of CLOCK_MONOTONIC, to the microsecond and never too little", () => {
    // process.hrtime reads the same clock in nanoseconds, and ours lies between two readings of it. An alarm rings
    // by that clock: if ours were behind it, a ring could seem early. Ahead it is by rounding up and little more.
    for (let i = 0; i < 1_000; i++) {
      const before = Number(process.hrtime.bigint()) / 1_000;
      const between = now();
      const behind = Number(process.hrtime.bigint()) / 1_000;
      expect(between).toBeGreaterThanOrEqual(before);
      expect(between).toBeLessThanOrEqual(behind + 5);
    }
  });

  it("puts the kernel's wall-clock stamps onto that clock, whatever somebody does to the wall clock", () => {
    const pair = clockPair();
    const earliest = instantAt(now() - 1_000_000);
    const began = pair.read();
    const wall = wallClock();
    // A stamp of 20 ms ago is 20 ms ago, give or take what lies between the two readings.
    expect(Math.abs(pair.instantOf(wall - 20_000, earliest) - (began - 20_000))).toBeLessThan(5_000);
    // A clock that was set forward by an hour makes it an hour old, one that was set back lets it lie ahead.
    expect(pair.instantOf(wall - 3_600_000_000, earliest)).toBe(earliest);
    const ahead = pair.instantOf(wall + 3_600_000_000, earliest);
    expect(ahead).toBeGreaterThanOrEqual(began);
    expect(ahead).toBeLessThanOrEqual(now());
  });

  it("goes on while the thread rests, which takes at least as long as it was told", () => {
    const began = now();
    rest(20_000);
    expect(now() - began).toBeGreaterThanOrEqual(20_000);
  });

  it("has nothing to tell without a service manager", () => {
    expect(notifyManager("READY=1", "")).toEqual({ ok: true });
    expect(notifyManager("READY=1", "x".repeat(200))).toMatchObject({ ok: false, errno: 36 });
  });

  it("reads the effective capabilities", () => {
    // CAP_NET_ADMIN 12 and CAP_NET_RAW 13: 0x1000 + 0x2000 = 0x3000. CAP_SYS_NICE 23: 0x800000.
    const status = (mask: string): string => `Name:\tnode\nCapPrm:\t000001ffffffffff\nCapEff:\t${mask}\nCapBnd:\t0\n`;
    expect(capabilities(status("0000000000003000"))).toEqual({ netRaw: true, netAdmin: true, sysNice: false });
    expect(capabilities(status("0000000000802000"))).toEqual({ netRaw: true, netAdmin: false, sysNice: true });
    expect(capabilities("nothing of the kind")).toEqual({ netRaw: false, netAdmin: false, sysNice: false });
  });
});
