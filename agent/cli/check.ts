// heird check: every mistake of a configuration, in one run, without starting anything.

import { diagnosticsAsJson, hasErrors, printDiagnostics } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { EXIT } from "./refusal.ts";

type Flags = { readonly json: boolean; readonly strict: boolean; readonly "config-id"?: string | undefined };

/** Prints the diagnostics (compiler style on stderr, JSON on stdout) and gives the exit code. */
export function check(paths: readonly string[], { json, strict, "config-id": configId }: Flags): number {
  const loaded = paths.map((path) => ({ path, ...loadConfig(path, configId === undefined ? {} : { configId }) }));
  const diagnostics = loaded.flatMap((one) => one.diagnostics);
  const files = new Map(loaded.flatMap((one) => [...one.files]));
  if (json) process.stdout.write(`${diagnosticsAsJson(diagnostics)}\n`);
  else if (diagnostics.length > 0)
    process.stderr.write(`${printDiagnostics(diagnostics, files, { colour: process.stderr.isTTY === true })}\n`);
  if (hasErrors(diagnostics) || loaded.some(({ config }) => config === null)) return EXIT.config;
  if (!json)
    for (const { path, config } of loaded)
      process.stdout.write(`${path}: ok, ${config?.routers.length ?? 0} instance(s)\n`);
  return strict && diagnostics.some(({ severity }) => severity === "warning") ? EXIT.strict : EXIT.ok;
}
