// Programs are started as they should be: exact arguments, no shell, four descriptors, a group of their
// own, an end that reaches everything they have started.

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Program } from "../../agent/hooks/deed.ts";
import { runProgram } from "../../agent/hooks/program.ts";
import type { Ending, Running } from "../../agent/hooks/queue.ts";
import { eventually } from "../netns/eventually.ts";
import { skipBecause } from "../netns/requirements.ts";
import { NASTY } from "./story.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-program-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const becomesOthers = process.getuid?.() === 0 ? null : "only root becomes another user: run it with sudo";

let scripts = 0;
const script = (body: string): string => {
  const path = join(folder, `script ${scripts++} '"$(x).sh`);
  writeFileSync(path, `#!/bin/bash\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
};
const program = (argv: readonly string[], wanted: Partial<Program> = {}): Program => ({
  argv,
  user: null,
  group: null,
  security: false,
  supplementaryGroups: false,
  umask: 0o022,
  variables: {},
  input: "",
  ...wanted,
});
const begin = (what: Program): { readonly running: Running; readonly ended: Promise<Ending> } => {
  let running: Running | null = null;
  const ended = new Promise<Ending>((resolve) => {
    running = runProgram(what, resolve);
  });
  if (running === null) throw new Error("it was not started");
  return { running, ended };
};
const result = (body: string, args: readonly string[] = [], wanted: Partial<Program> = {}): Promise<Ending> =>
  begin(program([script(body), ...args], wanted)).ended;

describe("a program", () => {
  test("has its arguments, its variables and its document byte for byte, whatever is in them", async () => {
    const out = join(folder, "seen");
    const body = `printf '%s\\0' "$@" > '${out}.args'; cat > '${out}.input'; printf '%s' "$HEIRD_NAME" > '${out}.name'`;
    const input = `${JSON.stringify({ name: NASTY, long: "x".repeat(200_000) })}\n`;
    const { ok } = await result(body, [NASTY, "", "a b"], { variables: { HEIRD_NAME: NASTY }, input });
    expect(ok).toBe(true);
    expect(readFileSync(`${out}.args`, "utf8")).toBe(`${NASTY}\0\0a b\0`);
    expect(readFileSync(`${out}.input`, "utf8")).toBe(input);
    expect(readFileSync(`${out}.name`, "utf8")).toBe(NASTY);
    expect(existsSync("/tmp/heird-injected")).toBe(false);
  });

  test("may write 64 KiB and more; the end of it is kept", async () => {
    const { ok, output } = await result(
      "head -c 300000 /dev/zero | tr '\\0' x; echo; echo the end $'\\n$(touch /tmp/heird-injected)'",
    );
    expect(ok).toBe(true);
    expect(output.length).toBe(1_024);
    expect(output.endsWith("the end \n$(touch /tmp/heird-injected)\n")).toBe(true);
  });

  test("need not read its document, and may open /dev/stdin, /dev/stdout and /dev/stderr anew", async () => {
    expect((await result("exit 3", [], { input: "x".repeat(200_000) })).detail).toBe("exit 3");
    const { ok, output } = await result("cat < /dev/stdin > /dev/stdout; echo err > /dev/stderr", [], {
      input: "story\n",
    });
    expect([ok, output]).toEqual([true, "story\nerr\n"]);
  });

  test("has four descriptors and a process group of its own", async () => {
    const { output } = await result("ls /proc/$$/fd; ps -o pgid= -p $$; echo $$");
    const lines = output.trim().split("\n");
    const [group = "", pid = ""] = lines.slice(-2).map((line) => line.trim());
    // 255 is bash's own: the script it reads. Some runners leave a descriptor of theirs open high up.
    expect(lines.slice(0, -2).filter((fd) => Number(fd) < 200)).toEqual(["0", "1", "2", "3"]);
    expect(group).toBe(pid);
  });

  test("learns on descriptor 3 that it was overtaken", async () => {
    const { running, ended } = begin(program([script("read -r -t 10 line <&3; echo got $line")]));
    running.supersede();
    expect(await ended).toMatchObject({ ok: true, output: "got superseded\n" });
  });

  test("is ended with everything it has started", async () => {
    const pids = join(folder, "pids");
    const { running, ended } = begin(
      program([script(`trap '' TERM; sleep 300 & echo $! $$ > '${pids}'; wait; sleep 300`)]),
    );
    await eventually("it runs", () => existsSync(pids) && readFileSync(pids, "utf8").trim() !== "");
    running.stop();
    running.kill();
    expect(await ended).toMatchObject({ ok: false, detail: "SIGKILL" });
    const [child = "", self = ""] = readFileSync(pids, "utf8").trim().split(" ");
    await eventually("nobody is left", () => [child, self].every((pid) => !lives(pid)));
  });

  test("that cannot be run says why", async () => {
    expect(await begin(program([join(folder, "nothing")])).ended).toMatchObject({
      ok: false,
      detail: /ENOENT/ as never,
    });
    expect((await begin(program(["/bin/true"], { user: "nobody-of-this-name" })).ended).detail).toBe(
      "there is no user nobody-of-this-name",
    );
  });

  test.skipIf(skipBecause("running as somebody else", becomesOthers))(
    "is not run by root where others may change it, with enable_script_security",
    async () => {
      const open = join(folder, "open.sh");
      writeFileSync(open, "#!/bin/bash\n");
      chmodSync(open, 0o777);
      const { ok, detail } = await begin(program([open], { user: "root", security: true })).ended;
      expect([ok, detail]).toEqual([false, `enable_script_security: root would run it, and others may change ${open}`]);
      expect((await begin(program([open], { user: "root" })).ended).ok).toBe(true);
      // Whoever has the folder can put another file there, whichever way leads to it.
      const theirs = join(folder, "theirs");
      mkdirSync(theirs);
      writeFileSync(join(theirs, "run.sh"), "#!/bin/bash\n", { mode: 0o755 });
      chownSync(theirs, 65_534, 65_534);
      symlinkSync("theirs", join(folder, "way"));
      symlinkSync("way/run.sh", join(folder, "link.sh"));
      for (const argv of [join(folder, "link.sh"), relative(process.cwd(), join(theirs, "run.sh"))])
        expect((await begin(program([argv], { user: "root", security: true })).ended).detail).toContain(theirs);
      const search = process.env["PATH"];
      process.env["PATH"] = `${theirs}:${search}`;
      const byName = await begin(program(["run.sh"], { user: "root", security: true })).ended;
      process.env["PATH"] = search;
      expect(byName.detail).toContain(theirs);
    },
  );

  test.skipIf(skipBecause("running as somebody else", becomesOthers))(
    "runs as who the file says, and has no groups but those asked for",
    async () => {
      chmodSync(folder, 0o755);
      const { output } = await result("id -un; id -G; echo x > /dev/stderr", [], { user: "nobody", group: "daemon" });
      expect(output).toBe("nobody\n1\nx\n");
      const more = await result("id -un; id -gn", [], { user: "nobody", supplementaryGroups: true });
      expect(more).toMatchObject({ ok: true, output: "nobody\nnogroup\n" });
    },
  );
});

const lives = (pid: string): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
