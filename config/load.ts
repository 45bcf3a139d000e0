// A path becomes a configuration, or diagnostics that say why not. The only file here that reads
// the disk.

import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Stats } from "node:fs";
import { hostname } from "node:os";
import type { AgentConfig } from "../agent/core/config.ts";
import { checkWhole } from "./check.ts";
import { collector } from "./collect.ts";
import type { Declaration } from "./declaration.ts";
import { declare } from "./declare.ts";
import { type Diagnostic, fileProblem, inOrder } from "./diagnostic.ts";
import { expand, MAX_INPUT } from "./expand.ts";
import { checkHost } from "./host.ts";
import type { Host } from "./host-facts.ts";
import type { FileReader, ReadOutcome } from "./include.ts";
import { isCommand } from "./keywords.ts";
import { lint } from "./lint.ts";
import { lower } from "./lower.ts";
import { reasonOf } from "./machine.ts";
import { BUILT_IN, type PathNames, pathNames } from "./path-names.ts";
import { schema } from "./schema.ts";
import { parse } from "./syntax.ts";

export type LoadOptions = {
  /** How files are read; the disk when it is left out. */
  readonly reader?: FileReader;
  /** Facts about this machine; without them nothing is asked of it. */
  readonly host?: Host;
  /** What @id lines are compared with; the host's short name when it is left out. */
  readonly configId?: string;
  readonly environment?: (name: string) => string | undefined;
  readonly random?: () => number;
  /** Judge the language only: nothing is refused because heird does not do it yet. */
  readonly assumeHonoured?: boolean;
  /** Tell every line that Keepalived 2.2.7 would not accept. */
  readonly portable?: boolean;
};

export type Loaded = {
  /** Null when there is an error. */
  readonly config: AgentConfig | null;
  /** What could be understood, errors or not. */
  readonly declaration: Declaration;
  /** By file and line. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every file read and its text, in the order of reading. */
  readonly files: ReadonlyMap<string, string>;
};

/** Loads a configuration: everything that is wrong with it is found in one run. */
export function loadConfig(path: string, options: LoadOptions = {}): Loaded {
  const { report, refused, list } = collector({ portable: options.portable ?? false });
  const name = hostname();
  const configId = options.configId ?? name.replace(/\..*$/, "");
  const assumeHonoured = options.assumeHonoured ?? false;
  const { lines, files } = expand(
    path,
    {
      reader: options.reader ?? disk,
      configId,
      environment: options.environment ?? ((variable) => process.env[variable]),
      random: options.random ?? Math.random,
    },
    report,
  );
  const root = schema(parse(lines, { isCommand }, report), { assumeHonoured }, report);
  const declaration = declare(root, report, options.host?.mtuOf);
  if (files.size > 0 && declaration.instances.length === 0 && !refused()) report(nothingToRun(path, files, configId));
  checkWhole(declaration, options.host, report);
  if (options.host !== undefined) checkHost(declaration, options.host, report);
  lint(declaration, report);
  const { globals, scripts, checks } = declaration;
  // To ask whether there is such a user may take a program or a server: only when somebody would run as him.
  const matters = globals.scriptUser === null && scripts.length + checks.length > 0;
  const keepalivedScript = matters && (options.host?.userExists?.("keepalived_script") ?? false);
  const config = lower(
    declaration,
    { hostname: name, assumeHonoured, keepalivedScript, names: namesFor(declaration, options.reader ?? disk) },
    report,
  );
  return {
    config: refused() ? null : config,
    declaration,
    diagnostics: inOrder(list(path), files.keys()),
    files,
  };
}

/** Names of tables and protocols are looked up for those who may use them. */
function namesFor({ statics, instances }: Declaration, reader: FileReader): PathNames {
  const used = [statics, ...instances].some(({ routes, rules }) => routes.length + rules.length > 0);
  return used ? pathNames(reader) : BUILT_IN;
}

/** A file that was cut off, or is for other routers: said so that whoever wrote it finds out which. */
function nothingToRun(path: string, files: ReadonlyMap<string, string>, configId: string): Diagnostic {
  const texts = [...files.values()];
  const why = texts.every((text) => text.trim() === "") ? "the file is empty" : "there is no vrrp_instance";
  const conditional = texts.some((text) => /^\s*@/m.test(text));
  return fileProblem(
    "H0015",
    path,
    `${why}, so there is nothing to run`,
    conditional
      ? `the configuration id here is ${configId}, and lines that begin with @ are for the one they name: say another with -i`
      : "write a vrrp_instance; to let every address go, stop the daemon",
  );
}

/** The disk, as Keepalived reads it: regular files. */
const disk: FileReader = {
  read: (path) => {
    let fd: number | null = null;
    try {
      // Whoever opens a pipe waits for its other end, and a thread that waits there cannot be called back.
      fd = openSync(path, isHandedOver(path) ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
      return contentsOf(fd, path);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (code === "ENXIO") return { ok: false, error: "it is a socket", found: "irregular" };
      return { ok: false, error: reasonOf(error), ...(ABSENT.has(code) ? {} : { found: "unreadable" }) };
    } finally {
      if (fd !== null) closeSync(fd);
    }
  },
  list: (directory) => {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  },
};

const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ENAMETOOLONG"]);

/** What a shell hands over: the standard input, or a pipe as of `<(generator)`. Its other end is there. */
const isHandedOver = (path: string): boolean => /^\/dev\/(stdin$|fd\/)/.test(path);

function contentsOf(fd: number, path: string): ReadOutcome {
  const stat = fstatSync(fd);
  if (!stat.isFile() && !(stat.isFIFO() && isHandedOver(path)))
    return { ok: false, error: `it is a ${kindOf(stat)}`, found: "irregular" };
  const text = textOf(fd, stat.size);
  if (text === null) return { ok: false, error: "it is too large", found: "large" };
  return { ok: true, text, executable: (stat.mode & 0o111) !== 0 };
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "directory";
  return stat.isFIFO() ? "pipe" : "device";
}

/** Null when there is more than any configuration has. */
function textOf(fd: number, size: number): string | null {
  const pieces: Buffer[] = [];
  let whole = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(Math.min(Math.max(size - whole, 0), MAX_INPUT) + 4096);
    const count = readSync(fd, piece);
    if (count === 0) return Buffer.concat(pieces).toString("utf8");
    whole += count;
    if (whole > MAX_INPUT) return null;
    pieces.push(piece.subarray(0, count));
  }
}
