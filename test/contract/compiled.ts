// The agent as plain JavaScript in a folder of its own, for tests that need a process of their own:
// how it ends, and what its children inherit, cannot be seen from inside the test runner.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import ts from "typescript";

const ROOT = resolve(import.meta.dirname, "../..");
const PARTS = ["agent/kernel.ts", "agent/core", "agent/linux"];

/** What a program said and how it ended. */
export type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** Programs against the compiled agent; `close` removes the folder. */
export type Compiled = {
  /** Where agent/ stands, for programs that are started and watched by the test itself. */
  readonly folder: string;
  /** Runs the text of a module beside agent/, with these options for node and in this network namespace. */
  readonly run: (program: string, how?: { readonly flags?: readonly string[]; readonly namespace?: string }) => Ended;
  readonly close: () => void;
};

function sources(parts: readonly string[]): string[] {
  return parts
    .flatMap((part) => (part.endsWith(".ts") ? [part] : readdirSync(join(ROOT, part)).map((file) => `${part}/${file}`)))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
}

/** Compiles the kernel port, or other parts, without checking their types: that is tsc's business. */
export function compile(parts: readonly string[] = PARTS): Compiled {
  const folder = mkdtempSync(join(tmpdir(), "heird-contract-"));
  // A program that gave up root has to read it too.
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const path of sources(parts)) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, path), "utf8"), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(folder, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
  let programs = 0;
  return {
    folder,
    run(program, { flags = [], namespace } = {}) {
      const file = join(folder, `program${++programs}.js`);
      writeFileSync(file, program);
      const words = [process.execPath, ...flags, file];
      const [command = "", ...rest] = namespace === undefined ? words : ["ip", "netns", "exec", namespace, ...words];
      const { status, stdout, stderr } = spawnSync(command, rest, { encoding: "utf8", timeout: 20_000 });
      return { code: status, out: stdout, err: stderr };
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
