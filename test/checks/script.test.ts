// Programs: what their end means, and that one that behaves badly costs only itself.

import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { milliseconds, seconds } from "../../agent/core/time.ts";
import { identityOf } from "../../checks/user.ts";
import { eventually } from "../netns/eventually.ts";
import { skipBecause } from "../netns/requirements.ts";
import { answerOf, check, shell } from "./ask.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-script-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const path = (name: string): string => join(directory, name);
const alive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
/** O_CLOEXEC is 02000000. */
function closesOnExec(fd: string): boolean {
  try {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & 0o2000000) !== 0;
  } catch {
    return true;
  }
}
const patient = { within: 30_000 };
/** In the words of the shell. */
const until = (name: string): string => `while [ ! -s ${path(name)} ]; do sleep 0.02; done`;
const numberIn = (name: string): number => Number(readFileSync(path(name), "utf8"));

describe("a script", () => {
  test("is good when it ends with 0, and bad with anything else", async () => {
    expect(await answerOf(shell("exit 0"))).toMatchObject({ ok: true, exit: 0, detail: "exit 0", timedOut: false });
    expect(await answerOf(shell("echo oh; exit 3"))).toMatchObject({
      ok: false,
      exit: 3,
      detail: "exit 3",
      output: "oh\n",
    });
    expect(await answerOf(shell("kill -9 $$"))).toMatchObject({
      ok: false,
      exit: "SIGKILL",
      detail: "ended by SIGKILL",
    });
  });

  test("that is not there is a failure with its reason", async () => {
    const missing = check({
      kind: "script",
      program: { argv: ["/no/such/program"], user: null, group: null, umask: 0o022 },
    });
    expect(await answerOf(missing)).toMatchObject({ ok: false, detail: "it does not exist" });
  });

  test("gets no shell, no input, and an environment of its own", async () => {
    process.env["HEIRD_SECRET"] = "1";
    const literal = check({
      kind: "script",
      program: { argv: ["/bin/echo", "$HOME;", "*"], user: null, group: null, umask: 0o022 },
    });
    // What echo says comes back in the failure of a program that fails; so it is asked through one.
    expect(await answerOf(literal)).toMatchObject({ ok: true });
    const { output } = await answerOf(shell("cat; env; exit 1"));
    expect(output).toContain("PATH=/usr/local/sbin");
    expect(output).not.toContain("HEIRD_SECRET");
    delete process.env["HEIRD_SECRET"];
  });

  test("finds the umask that it is to find, and ours stays as it is", async () => {
    const before = process.umask();
    const program = { argv: ["/bin/sh", "-c", "umask; exit 1"], user: null, group: null, umask: 0o137 };
    expect(await answerOf(check({ kind: "script", program }))).toMatchObject({ output: "0137\n" });
    expect(process.umask()).toBe(before);
  });

  test("inherits no descriptor of ours", async () => {
    const own = openSync(path("own"), "w");
    const listening = createServer().listen(0, "127.0.0.1");
    const { output } = await answerOf(shell("ls /proc/$$/fd; exit 1"));
    listening.close();
    // What whoever started the tests left open for everybody is not ours to close.
    const inherited = readdirSync("/proc/self/fd").filter((fd) => Number(fd) > 2 && !closesOnExec(fd));
    expect(output.trim().split("\n").sort()).toEqual(["0", "1", "2", ...inherited].sort());
    expect(inherited).not.toContain(String(own));
  });

  test("that hangs is a failure when its time is over, and is ended with everything it started", async () => {
    const text = `sleep 50 & echo $! > ${path("child")}; echo waiting; sleep 50`;
    const run = await answerOf(shell(text, { timeout: milliseconds(300) }));
    expect(run).toMatchObject({ ok: false, timedOut: true, detail: "no answer within 0.3s", output: "waiting\n" });
    await eventually("its child ends", () => !alive(numberIn("child")));
  });

  test("that has to be ended is ended with what it has sent beyond its session, and whatever that has started", async () => {
    const far = `trap "" TERM HUP; sleep 50 & echo $! > ${path("farther")}; echo $$ > ${path("far")}; wait; wait`;
    const text = `setsid sh -c '${far}' & ${until("far")}; exec yes heird`;
    expect(await answerOf(shell(text, { timeout: seconds(20) }))).toMatchObject({
      ok: false,
      detail: "it said more than 4 MiB",
    });
    await eventually("all of it ends", () => !alive(numberIn("far")) && !alive(numberIn("farther")), patient);
  });

  test("that ends by itself leaves a service running that it has started", async () => {
    const service = `setsid sh -c 'echo $$ > ${path("service")}; exec sleep 50' & ${until("service")}; exit 0`;
    expect(await answerOf(shell(service, { timeout: seconds(20) }))).toMatchObject({ ok: true });
    // What another one leaves in its group is ended after that.
    expect(await answerOf(shell(`sleep 50 & echo $! > ${path("later")}; exit 0`))).toMatchObject({ ok: true });
    await eventually("what is left in a group ends", () => !alive(numberIn("later")), patient);
    expect(alive(numberIn("service"))).toBe(true);
    process.kill(numberIn("service"), "SIGKILL");
  });

  test("that will not hear SIGTERM is killed", async () => {
    const text = `trap '' TERM; echo $$ > ${path("deaf")}; while :; do sleep 0.05; done`;
    expect(await answerOf(shell(text, { timeout: milliseconds(200) }))).toMatchObject({ ok: false, timedOut: true });
    await eventually("it ends", () => !alive(numberIn("deaf")));
  });

  test("that leaves something behind in its group leaves nothing", async () => {
    expect(await answerOf(shell(`sleep 50 & echo $! > ${path("left")}; exit 0`))).toMatchObject({ ok: true });
    await eventually("what it left ends", () => !alive(numberIn("left")));
  });

  test("that floods is ended, and its last words are kept", async () => {
    const began = process.memoryUsage().rss;
    const run = await answerOf(shell("yes heird", { timeout: milliseconds(5_000) }));
    expect(run).toMatchObject({ ok: false, detail: "it said more than 4 MiB" });
    expect(run.output.length).toBeLessThanOrEqual(1_024);
    expect(process.memoryUsage().rss - began).toBeLessThan(64 * 1_024 * 1_024);
  });
});

const notRoot = process.getuid?.() === 0 ? null : "only root may become somebody else";
describe.skipIf(skipBecause("scripts of other users", notRoot))("a script of another user", () => {
  const asNobody = (argv: readonly string[]) =>
    check({ kind: "script", program: { argv, user: "nobody", group: null, umask: 0o022 } });

  test("runs as that user, in none of our groups, without a capability", async () => {
    const { output } = await answerOf(
      asNobody(["/bin/sh", "-c", "grep -E '^(Uid|Groups|Cap(Inh|Prm|Eff|Amb))' /proc/self/status; exit 1"]),
    );
    const { uid } = identityOf("nobody", null) as { uid: number };
    const fields = Object.fromEntries(
      output
        .trim()
        .split("\n")
        .map((line) => line.split(":")),
    );
    expect(fields["Uid"]?.trim().split(/\s+/)).toEqual(Array(4).fill(String(uid)));
    expect(fields["Groups"]?.trim()).toBe("");
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) expect(Number.parseInt(fields[set] ?? "1", 16)).toBe(0);
  });

  test("that does not exist is a failure", async () => {
    const nobody = check({
      kind: "script",
      program: { argv: ["/bin/true"], user: "no-such-user", group: null, umask: 0o022 },
    });
    expect(await answerOf(nobody)).toMatchObject({ ok: false, detail: "there is no user no-such-user" });
  });
});
