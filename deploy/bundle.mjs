// Puts the program into a few files, dist/heird: a start that opens four hundred files, half of them RxJS,
// takes twice as long. What tsc makes stays beside it, for tests that look inside.
//
//   node deploy/bundle.mjs [FOLDER]

import { readFileSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is run: by people, as a process beside the daemon, or as a thread. Each gets a file that loads no more than it needs. */
const ENTRIES = {
  main: "agent/main.ts",
  auditor: "agent/daemon/auditor.ts",
  checks: "checks/aside.ts",
  hooks: "agent/hooks/aside.ts",
  loader: "agent/daemon/loader.ts",
};

/** Knows where it stands for another reason: it looks for package.json. */
const VERSION = "agent/cli/version.ts";

/** Stay as they are: compiled ones, and those that most daemons never load. */
const PACKAGES = ["ioredis", "koffi", "nodemailer", "pino-pretty", "raw-socket", "undici"];

const outdir = resolve(process.argv[2] ?? join(ROOT, "dist/heird"));
rmSync(outdir, { recursive: true, force: true });

/**
 * What commands for people have between them and with the daemon would cut what it loads into forty pieces, and to find
 * a file takes a millisecond. So they are put together apart, and main.js, which the daemon shares, finds them there.
 */
const APART = "commands";
const apart = {
  name: "commands apart",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/cli\// }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${APART}/${basename(path, ".ts")}.js`, external: true } : undefined,
    );
  },
};
const LOADED = /import\("\.\/cli\/([a-z-]+)\.ts"\)/g;
const COMMANDS = Object.fromEntries(
  [...readFileSync(join(ROOT, ENTRIES.main), "utf8").matchAll(LOADED)].map(([, name]) => [
    name,
    `agent/cli/${name}.ts`,
  ]),
);
const options = {
  absWorkingDir: ROOT,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  chunkNames: "[name]-[hash]",
  external: PACKAGES,
  // pino is CommonJS and asks for what Node has.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
  minifyWhitespace: true,
  minifySyntax: true,
  // For Node it gives only its CommonJS, of which nothing can be left out.
  alias: { rxjs: join(ROOT, "node_modules/rxjs/dist/esm/index.js") },
  // For whoever reads a stack; names are those of the code as it is written.
  sourcemap: true,
  sourcesContent: false,
  metafile: true,
  logLevel: "warning",
};
const daemon = await build({ ...options, entryPoints: ENTRIES, outdir, plugins: [apart] });
const commands = await build({ ...options, entryPoints: COMMANDS, outdir: join(outdir, APART) });

// A file that starts itself as another process would start whatever it was put together with.
const lost = [
  ...startingThemselves(daemon.metafile, [...Object.values(ENTRIES), VERSION]),
  ...startingThemselves(commands.metafile, [VERSION]),
];
if (lost.length > 0) throw new Error(`${lost.join(", ")}: knows its place, and is no entry of deploy/bundle.mjs`);

function startingThemselves({ inputs }, known) {
  return Object.keys(inputs)
    .filter((path) => !path.startsWith("node_modules/") && !known.includes(path))
    .filter((path) => readFileSync(join(ROOT, path), "utf8").includes("import.meta"));
}
