// The control socket may be asked nonsense, for ever, or by too many: whoever asks a question gets an
// answer all the same.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ask, type Details, type Question, serveControl, socketPath } from "../../agent/operate/control.ts";

const made: string[] = [];
const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "heird-control-"));
  made.push(path);
  return path;
}

/** Asks, and does not wait for the answer. */
const GIVES_UP = `
const socket = require("node:net").connect(process.argv[1], () =>
  socket.write(process.argv[2] + "\\n", () => socket.destroy()));`;

type Asked = { readonly question: Question; readonly details: Details };

async function serve(
  stateDirectory: string,
  answer: (asked: Asked) => Promise<unknown> = ({ question }) => Promise.resolve({ question }),
): Promise<{ readonly server: Server; readonly failures: Error[] }> {
  const failures: Error[] = [];
  const server = serveControl(
    stateDirectory,
    (question, details) => answer({ question, details }),
    (error) => failures.push(error),
  );
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, failures };
}

/** Connects, sends these pieces, and gives everything that comes back until the other side is done. */
function send(stateDirectory: string, pieces: readonly (string | Uint8Array)[], end = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath(stateDirectory));
    sockets.push(socket);
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    // A reset is as good an answer to nonsense as a sentence.
    socket.on("error", () => resolve(text));
    socket.on("close", () => resolve(text));
    socket.on("end", () => socket.end());
    socket.on("connect", () => {
      for (const piece of pieces) socket.write(piece);
      if (end) socket.end();
    });
  });
}

/** A connection that says nothing. */
function mute(stateDirectory: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath(stateDirectory), () => resolve(socket));
    sockets.push(socket);
    socket.on("error", reject);
  });
}

describe("the control socket", () => {
  it("answers each question, and is closed to strangers", async () => {
    const at = directory();
    await serve(at);
    for (const question of ["status", "snapshot", "reload", "plan"] as const)
      expect(await ask(at, question)).toEqual({ question });
    expect(statSync(socketPath(at)).mode & 0o777).toBe(0o660);
  });

  it("does not do what somebody asked who has gone meanwhile, and says so", async () => {
    const at = directory();
    const done: Question[] = [];
    const { failures } = await serve(at, async ({ question }) => done.push(question));
    // Node gives the daemon no turn before this one ends: as if it had been stopped.
    execFileSync(process.execPath, ["-e", GIVES_UP, socketPath(at), '{"ask":"drain"}']);
    await vi.waitFor(
      () => expect(failures.map(String)).toEqual([expect.stringContaining("drain was not done")]),
      20_000,
    );
    expect(await ask(at, "drain")).toBe(1);
    expect(done).toEqual(["drain"]);
  });

  it("sends a long answer piece by piece, as one line", async () => {
    const at = directory();
    const pieces = ['heird_up{vr="a\\nb"} 1\n', "x".repeat(300_000), ""];
    await serve(at, () => Promise.resolve({ pieces }));
    expect(await ask(at, "metrics")).toEqual({ pieces });
    expect(await send(at, ['{"ask":"metrics"}\n'])).toBe(`${JSON.stringify({ ok: true, answer: { pieces } })}\n`);
  });

  it("answers with the sentence of what went wrong", async () => {
    const at = directory();
    await serve(at, () => Promise.reject(new Error("the file has a mistake")));
    await expect(ask(at, "reload")).rejects.toThrow("the file has a mistake");
    await serveOver(at, () => {
      throw new Error("thrown at once");
    });
    await expect(ask(at, "status")).rejects.toThrow("thrown at once");
  });

  it("says what can be asked to whoever asks something else", async () => {
    const at = directory();
    await serve(at);
    const refused =
      '{"ok":false,"error":"asked something else than status, checks, metrics, snapshot, reload, plan, drain, resume, promote"}\n';
    for (const nonsense of [
      "\n",
      "{}\n",
      "null\n",
      "[]\n",
      '"status"\n',
      '{"ask":"rm -rf"}\n',
      '{"ask":1}\n',
      "status\n",
    ])
      expect(await send(at, [nonsense])).toBe(refused);
    // A line without an end.
    expect(await send(at, ["x".repeat(5_000)])).toBe(refused);
    expect(await send(at, ["x".repeat(3_000_000)])).toMatch(/^(\{"ok":false.*\}\n)?$/);
  });

  it("survives garbage, in any pieces", async () => {
    const at = directory();
    const { failures } = await serve(at);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 }),
        fc.boolean(),
        async (pieces, whole) => {
          const text = await send(at, whole ? [...pieces, "\n"] : [...pieces, "\n".repeat(4_097)]);
          expect(text === "" || JSON.parse(text).ok === false).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
    expect(await ask(at, "status")).toEqual({ question: "status" });
    expect(failures).toEqual([]);
  });

  it("takes a question in pieces, and hears nothing that follows it", async () => {
    const at = directory();
    let asked = 0;
    await serve(at, async ({ question }) => {
      asked += 1;
      return question;
    });
    expect(await send(at, ['{"as', 'k":"sta', 'tus"}\n{"ask":"reload"}\n', "x".repeat(100_000)])).toBe(
      '{"ok":true,"answer":"status"}\n',
    );
    expect(asked).toBe(1);
  });

  it("answers whoever has stopped talking, and forgets whoever has gone", async () => {
    const at = directory();
    let release = (): void => {};
    const slow = new Promise<string>((resolve) => {
      release = () => resolve("late");
    });
    await serve(at, () => slow);
    const waiting = send(at, ['{"ask":"status"}\n'], true);
    const gone = await mute(at);
    gone.write('{"ask":"status"}\n', () => gone.destroy());
    await new Promise((resolve) => gone.on("close", resolve));
    release();
    expect(await waiting).toBe('{"ok":true,"answer":"late"}\n');
  });

  it("does not wait for those who drip, and those who do not read", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const at = directory();
    const { server } = await serve(at, () => Promise.resolve("x".repeat(10_000_000)));
    const connections = (): Promise<number> =>
      new Promise((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    const drip = await mute(at);
    const deaf = await mute(at);
    deaf.pause();
    deaf.write('{"ask":"status"}\n');
    await vi.waitFor(async () => expect(await connections()).toBe(2), { interval: 1 });
    // A letter a second: never idle for 5 s, and gone after 5 s all the same.
    for (let i = 0; i < 4; i++) {
      drip.write("x");
      await vi.advanceTimersByTimeAsync(1_000);
    }
    const closed = new Promise((resolve) => drip.on("close", resolve));
    drip.on("error", () => {});
    drip.resume();
    await vi.advanceTimersByTimeAsync(1_500);
    await closed;
  });

  it("hangs up on whoever talks on when he has his answer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const at = directory();
    await serve(at);
    const talker = createConnection({ path: socketPath(at), allowHalfOpen: true });
    sockets.push(talker);
    let [answered, gone] = ["", false];
    talker.on("data", (chunk) => {
      answered += chunk;
    });
    talker.on("error", () => {});
    talker.on("close", () => {
      gone = true;
    });
    talker.write('{"ask":"status"}\n');
    await vi.waitFor(() => expect(answered).toMatch(/\n$/), { interval: 1, timeout: 10_000 });
    expect(JSON.parse(answered)).toEqual({ ok: true, answer: { question: "status" } });
    // A word every 100 ms begins the five seconds of an idle connection anew each time; 20 s are four times as long.
    for (let i = 0; i < 200 && !gone; i++) {
      talker.write("x".repeat(1_000));
      await vi.advanceTimersByTimeAsync(100);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(gone).toBe(true), { interval: 1, timeout: 2_000 });
  });

  it("has room again when a flood of mute connections is over", async () => {
    const at = directory();
    await serve(at);
    const flood = await Promise.all(Array.from({ length: 200 }, () => mute(at).catch(() => null)));
    for (const socket of flood) socket?.on("error", () => {}).destroy();
    await vi.waitFor(async () => expect(await ask(at, "status")).toEqual({ question: "status" }), { timeout: 3_000 });
  });

  it("is reached below a path longer than a socket's address, and leaves nothing behind", async () => {
    const root = directory();
    const at = join(root, "d".repeat(120), "e".repeat(120));
    mkdirSync(at, { recursive: true });
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const { server } = await serve(at);
    const before = descriptors();
    expect(existsSync(socketPath(at))).toBe(true);
    for (let i = 0; i < 20; i++) expect(await ask(at, "status")).toEqual({ question: "status" });
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
    servers.splice(servers.indexOf(server), 1);
    await new Promise((resolve) => server.close(resolve));
    expect(existsSync(socketPath(at))).toBe(false);
  });

  it("takes the place of what a dead daemon left", async () => {
    const at = directory();
    writeFileSync(socketPath(at), "a socket that nobody answers");
    await serve(at);
    expect(await ask(at, "status")).toEqual({ question: "status" });
  });

  it("tells when it cannot be had", async () => {
    const at = directory();
    mkdirSync(socketPath(at));
    writeFileSync(join(socketPath(at), "in the way"), "");
    expect(() =>
      serveControl(
        at,
        () => Promise.resolve(null),
        () => {},
      ),
    ).toThrow(/EISDIR|directory/);
  });
});

describe("a question", () => {
  it("gives a daemon that says nothing up soon, and one that works its time", async () => {
    const [mute, working] = [directory(), directory()];
    const deaf = createServer((socket) => void sockets.push(socket)).listen(socketPath(mute));
    servers.push(deaf);
    await new Promise((resolve) => deaf.once("listening", resolve));
    for (const question of ["plan", "reload", "drain"] as const)
      await expect(ask(mute, question, { wait: true }, 50)).rejects.toMatchObject({ code: "ETIMEDOUT" });
    // It begins at once, and takes twice as long as a mute one has.
    await serve(working, ({ question }) => new Promise((done) => setTimeout(done, 2_000, { question })));
    const questions = ["plan", "reload", "drain"] as const;
    const answers = await Promise.all(questions.map((question) => ask(working, question, { wait: true }, 1_000)));
    expect(answers).toEqual(questions.map((question) => ({ question })));
  });

  it("is refused at once where no daemon is", async () => {
    await expect(ask(directory(), "status")).rejects.toThrow(/ENOENT/);
    await expect(ask(join(directory(), "x".repeat(200)), "status")).rejects.toThrow(/ENOENT/);
  });

  it("is answered by an error when the daemon hangs up", async () => {
    const at = directory();
    const { server } = await serve(at);
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => socket.resume().end("not JSON"));
    await expect(ask(at, "status")).rejects.toThrow("nothing that can be read");
  });
});

/** Another server in the place of the last. */
async function serveOver(stateDirectory: string, answer: (asked: Asked) => Promise<unknown>): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await serve(stateDirectory, answer);
}
