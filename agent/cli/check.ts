// heird check: every mistake of a configuration, in one run, without starting anything; and of several
// as a cluster what they disagree about, and who becomes Master.

import { virtualRouters } from "../../config/cluster.ts";
import { UNPORTABLE } from "../../config/codes.ts";
import { type Diagnostic, hasErrors, inOrder, printDiagnostics } from "../../config/diagnostic.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../../config/load.ts";
import { checkPair } from "../../config/pair.ts";
import { type Election, electionsOf } from "../../config/winner.ts";
import { clusterDocument, clusterText, contested } from "./cluster-text.ts";
import { EXIT } from "./refusal.ts";

type Flags = {
  readonly json: boolean;
  readonly portable: boolean;
  readonly strict: boolean;
  readonly "config-id"?: string | undefined;
};
type Checked = Loaded & { readonly path: string };

/**
 * Prints the diagnostics (compiler style on stderr, JSON on stdout) and gives the exit code. Unless whoever loads asks
 * this machine, a laptop and CI say the same of a file.
 */
export function check(
  paths: readonly string[],
  { json, strict, portable, ...flags }: Flags,
  load: typeof loadConfig = loadConfig,
): number {
  const options: LoadOptions = {
    portable,
    ...(flags["config-id"] === undefined ? {} : { configId: flags["config-id"] }),
  };
  const loaded = paths.map((path): Checked => ({ path, ...load(path, options) }));
  const { elections, found } = loaded.length > 1 ? asCluster(loaded) : { elections: [], found: [] };
  const files = new Map(loaded.flatMap((one) => [...one.files]));
  const all = inOrder(unique([...loaded.flatMap(({ diagnostics }) => diagnostics), ...found]), files.keys());
  if (json) process.stdout.write(`${JSON.stringify(documentOf(all, loaded, elections))}\n`);
  else tell(all, loaded, elections, files);
  if (hasErrors(all) || loaded.some(({ config }) => config === null)) return EXIT.config;
  if (portable && all.some(({ code }) => UNPORTABLE.has(code))) return EXIT.strict;
  return strict && all.some(({ severity }) => severity === "warning") ? EXIT.strict : EXIT.ok;
}

function asCluster(loaded: readonly Checked[]): { elections: readonly Election[]; found: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic): void => void found.push(diagnostic);
  const routers = virtualRouters(loaded);
  checkPair(loaded, routers, report);
  const elections = electionsOf(routers, report);
  return { elections, found };
}

/** A member of three pairs is complained of once. */
function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const known = new Map<string, Diagnostic>();
  for (const one of diagnostics) {
    const { file, line, column } = one.position;
    const key = JSON.stringify([file, line, column, one.code, one.message]);
    if (!known.has(key)) known.set(key, one);
  }
  return [...known.values()];
}

const count = (all: readonly Diagnostic[], wanted: string): number =>
  all.filter(({ severity }) => severity === wanted).length;

const documentOf = (all: readonly Diagnostic[], loaded: readonly Checked[], elections: readonly Election[]) => ({
  schema: 1,
  errors: count(all, "error"),
  warnings: count(all, "warning"),
  files: loaded.map(({ path }) => path),
  diagnostics: all.map(({ mistake: _, ...told }) => told),
  ...(loaded.length > 1 ? { cluster: clusterDocument(elections) } : {}),
});

function tell(
  all: readonly Diagnostic[],
  loaded: readonly Checked[],
  elections: readonly Election[],
  files: ReadonlyMap<string, string>,
): void {
  if (all.length > 0)
    process.stderr.write(`${printDiagnostics(all, files, { colour: process.stderr.isTTY === true })}\n`);
  if (!hasErrors(all))
    for (const { path, config } of loaded)
      process.stdout.write(`${path}: ok, ${config?.routers.length ?? 0} instance(s)\n`);
  if (contested(elections).length > 0) process.stdout.write(`\n${clusterText(elections)}\n`);
}
