// heird check: every mistake of a configuration, in one run, without starting anything.

import { diagnosticsAsJson, hasErrors, printDiagnostics } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { EXIT } from "./refusal.ts";

const EXIT_STRICT = 5;

/** Prints the diagnostics (compiler style on stderr, JSON on stdout) and gives the exit code. */
export function check(file: string, flags: { readonly json: boolean; readonly strict: boolean }): number {
  const { diagnostics, files, config } = loadConfig(file);
  if (flags.json) process.stdout.write(`${diagnosticsAsJson(diagnostics)}\n`);
  else if (diagnostics.length > 0)
    process.stderr.write(`${printDiagnostics(diagnostics, files, { colour: process.stderr.isTTY === true })}\n`);
  if (hasErrors(diagnostics) || config === null) return EXIT.config;
  if (!flags.json) process.stdout.write(`${file}: ok, ${config.routers.length} instance(s)\n`);
  return flags.strict && diagnostics.length > 0 ? EXIT_STRICT : EXIT.ok;
}
