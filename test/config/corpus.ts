// The corpus of files written by others, where it is there: read in place, never copied.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Loaded, type LoadOptions, loadConfig } from "../../config/load.ts";
import { memory } from "./memory.ts";

export const CORPUS = resolve(import.meta.dirname, "../../../shared/corpus");
export const corpusIsThere = existsSync(resolve(CORPUS, "index.json"));

/**
 * Whether tests over it must be skipped, for `skipIf`; says so. Nobody can install it, and whoever has a checkout alone
 * is to see the other tests pass: so this is no error under CI either, and the runner's summary counts it.
 */
export function skipWithoutCorpus(what: string): boolean {
  if (!corpusIsThere) process.stderr.write(`\nSKIPPED: ${what}: there is no ${CORPUS}; place the corpus there\n`);
  return !corpusIsThere;
}

export type Message = {
  readonly line?: number;
  readonly text: string;
  readonly class: string;
  readonly lvs?: boolean;
};
export type CorpusFile = {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly config_id: string | null;
  readonly env: {
    readonly interfaces: readonly string[];
    readonly scripts: readonly string[];
    readonly users: readonly string[];
  };
  readonly verdict: { readonly exit: number; readonly messages: readonly Message[] };
  readonly daemon: { readonly runs: boolean };
  // biome-ignore lint/suspicious/noExplicitAny: the shape is what the tests are about
  readonly expect: any;
  readonly variants?: readonly Variant[];
  readonly extra_files?: readonly { readonly as: string; readonly file: string }[];
};

/** The same file with another configuration id. */
export type Variant = {
  readonly config_id: string | null;
  readonly hostname: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly expect_short: any;
};

export type Mistake = {
  readonly name: string;
  readonly text: string;
  readonly exit: number;
  readonly messages: readonly { readonly line?: number; readonly text: string }[];
  readonly daemon: { readonly runs: boolean };
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly instances: readonly any[] | null;
};

export const corpusFiles = (): readonly CorpusFile[] =>
  JSON.parse(readFileSync(resolve(CORPUS, "index.json"), "utf8")).files;
export const mistakes = (): readonly Mistake[] => JSON.parse(readFileSync(resolve(CORPUS, "mistakes.json"), "utf8"));

const text = (file: string) => readFileSync(resolve(CORPUS, file), "utf8");

/** The file as it was when Keepalived gave its verdict: /etc/keepalived/keepalived.conf and what it includes. */
export function loadCorpusFile(file: CorpusFile, options: LoadOptions = {}): Loaded {
  const files = {
    "/etc/keepalived/keepalived.conf": text(file.file),
    ...Object.fromEntries((file.extra_files ?? []).map(({ as, file: extra }) => [as, text(extra)])),
  };
  return loadConfig("/etc/keepalived/keepalived.conf", {
    reader: memory(files),
    configId: file.config_id ?? "node1",
    environment: () => undefined,
    random: () => 0.5,
    assumeHonoured: true,
    ...options,
  });
}
