// A path becomes a configuration, or diagnostics that say why not. The only file here that reads
// the disk.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { AgentConfig } from "../agent/core/config.ts";
import { checkWhole } from "./check.ts";
import { collector } from "./collect.ts";
import type { Declaration } from "./declaration.ts";
import { declare } from "./declare.ts";
import { type Diagnostic, fileProblem, inOrder } from "./diagnostic.ts";
import { expand } from "./expand.ts";
import { checkHost, type Host } from "./host.ts";
import type { FileReader } from "./include.ts";
import { isCommand } from "./keywords.ts";
import { lint } from "./lint.ts";
import { lower } from "./lower.ts";
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
  const { report, refused, list } = collector();
  const name = hostname();
  const assumeHonoured = options.assumeHonoured ?? false;
  const { lines, files } = expand(
    path,
    {
      reader: options.reader ?? disk,
      configId: options.configId ?? name.replace(/\..*$/, ""),
      environment: options.environment ?? ((variable) => process.env[variable]),
      random: options.random ?? Math.random,
    },
    report,
  );
  const root = schema(parse(lines, { isCommand }, report), { assumeHonoured }, report);
  const declaration = declare(root, report);
  if (files.size > 0 && declaration.instances.length === 0)
    report(fileProblem("H0015", path, "there is no vrrp_instance, so there is nothing to run"));
  checkWhole(declaration, report);
  if (options.host !== undefined) checkHost(declaration, options.host, report);
  lint(declaration, report);
  const config = lower(declaration, { hostname: name, assumeHonoured }, report);
  return {
    config: refused() ? null : config,
    declaration,
    diagnostics: inOrder(list(path), files.keys()),
    files,
  };
}

/** The disk, as Keepalived reads it: regular files that nobody may execute. */
const disk: FileReader = {
  read: (path) => {
    try {
      const stat = statSync(path);
      if (stat.isDirectory()) return { ok: false, error: "it is a directory" };
      accessSync(path, constants.R_OK);
      return { ok: true, text: readFileSync(path, "utf8") };
    } catch (error) {
      return { ok: false, error: reasonOf(error) };
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

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}

/** The machine this runs on, as far as its files tell. Users are not asked for: they may live in a directory service. */
export const thisMachine: Host = {
  interfaceExists: (name) => existsSync(`/sys/class/net/${name}`),
  cannotRun: (program) => {
    const paths = program.includes("/") ? [program] : SEARCH.map((directory) => `${directory}/${program}`);
    const reasons = paths.map(whyNotRun);
    return reasons.includes(null) ? null : (reasons[0] ?? "its name is empty");
  },
  othersMayWrite: (program) => program.startsWith("/") && parentsOf(program).some(othersMayWrite),
};

/** Where Keepalived looks for a program without a path, too. */
const SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function whyNotRun(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return "it is no regular file";
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** The path itself and every directory above it. */
function parentsOf(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return ["/", ...parts.map((_, i) => `/${parts.slice(0, i + 1).join("/")}`)];
}

function othersMayWrite(path: string): boolean {
  try {
    const { mode, uid, gid } = statSync(path);
    // A sticky directory such as /tmp lets nobody replace what belongs to another.
    const sticky = (mode & 0o1000) !== 0;
    return uid !== 0 || (!sticky && ((mode & 0o002) !== 0 || (gid !== 0 && (mode & 0o020) !== 0)));
  } catch {
    return false;
  }
}
