// A path becomes a configuration, or diagnostics that say why not. The only file here that reads
// the disk.

import { accessSync, constants, readdirSync, readFileSync, statSync } from "node:fs";
import { hostname } from "node:os";
import type { AgentConfig } from "../agent/core/config.ts";
import { checkWhole } from "./check.ts";
import { collector } from "./collect.ts";
import type { Declaration } from "./declaration.ts";
import { declare } from "./declare.ts";
import { type Diagnostic, fileProblem, inOrder } from "./diagnostic.ts";
import { expand } from "./expand.ts";
import { checkHost } from "./host.ts";
import type { Host } from "./host-facts.ts";
import type { FileReader } from "./include.ts";
import { isCommand } from "./keywords.ts";
import { lint } from "./lint.ts";
import { lower } from "./lower.ts";
import { reasonOf } from "./machine.ts";
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
