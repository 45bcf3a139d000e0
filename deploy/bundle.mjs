// Puts the program into a few files, dist/heird: a start that opens four hundred files, half of them RxJS,
// takes twice as long. What tsc makes stays beside it, for tests that look inside.
//
//   node deploy/bundle.mjs [FOLDER]

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const source = (path) => readFileSync(join(ROOT, path), "utf8");

/** What is run: by people, as a process beside the daemon, or as a thread. Each gets a file that loads no more than it needs. */
const ENTRIES = {
  main: "agent/main.ts",
  auditor: "agent/daemon/auditor.ts",
  checks: "checks/aside.ts",
  hooks: "agent/hooks/aside.ts",
  loader: "agent/daemon/loader.ts",
};
/** What main.ts loads of the daemon, which is one part. */
const DAEMON = { start: "start", askers: "endLeftPrograms, runCheck", outlook: "loadHere", prepare: "cleanup" };

/** These know where they stand for another reason: they look for package.json, and for maps. */
const LOOKING = ["agent/cli/version.ts", "agent/operate/origin.ts"];

/** Stay as they are: compiled ones, and those that most daemons never load. */
const PACKAGES = ["ioredis", "koffi", "nodemailer", "pino-pretty", "raw-socket", "undici"];

const outdir = resolve(process.argv[2] ?? join(ROOT, "dist/heird"));
rmSync(outdir, { recursive: true, force: true });

/** A file that starts itself as another process would start whatever it was put together with: it is told its own entry. */
const ITSELF = 'const urlOf=(name)=>require("node:url").pathToFileURL(require.resolve(name)).href;';
const itself = {
  name: "itself",
  setup({ onLoad }) {
    const { main: _, ...others } = ENTRIES;
    const named = [...Object.entries(others), ...LOOKING.map((path) => ["main", path])];
    for (const [name, path] of named)
      onLoad({ filter: endingIn(path) }, () => ({
        contents: source(path).replaceAll("import.meta.url", `urlOf("./${name}.js")`),
        loader: "ts",
      }));
  },
};

/**
 * What commands for people have between them and with the daemon would cut what it loads into forty pieces, and to find
 * a file takes a millisecond. So they are put together apart, and main.js finds them and the daemon there.
 */
const APART = "commands";
const apart = {
  name: "commands and daemon apart",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\/cli\// }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${APART}/${basename(path, ".ts")}.js`, external: true } : undefined,
    );
    // To import it would load what Node.js imports with.
    const contents = source(ENTRIES.main).replace(
      new RegExp(`await import\\("\\./daemon/(?:${Object.keys(DAEMON).join("|")})\\.ts"\\)`, "g"),
      'require("./daemon.js")',
    );
    onLoad({ filter: endingIn(ENTRIES.main) }, () => ({ contents, loader: "ts" }));
    onResolve({ filter: /^\.\/daemon\.js$/ }, ({ path }) => ({ path, external: true }));
  },
};
/** What the auditor loads when it has become a process; in the daemon it never does. */
const unaudited = {
  name: "auditor's work left out",
  setup({ onResolve }) {
    onResolve({ filter: /^\./ }, ({ importer, kind, path }) =>
      kind === "dynamic-import" && endingIn(ENTRIES.auditor).test(importer) ? { path, external: true } : undefined,
    );
  },
};

/**
 * What Node.js itself loads when it is asked for, and no start needs: then it is asked when it is used. Together they take
 * as long as all code of the daemon.
 */
const LATER = ["child_process", "dns", "dns/promises", "fs/promises", "net", "timers/promises"];
const later = {
  name: "Node's own later",
  setup({ onLoad, onResolve }) {
    const wanted = new RegExp(`^(?:node:)?(${LATER.join("|")})$`);
    onResolve({ filter: wanted }, ({ path, namespace }) =>
      namespace === "later" ? undefined : { path, namespace: "later" },
    );
    onLoad({ filter: wanted, namespace: "later" }, ({ path }) => {
      const names = Object.keys(createRequire(import.meta.url)(path)).filter((name) => name !== "default");
      const getters = names.map((name) => `get ${name}() { return require("${path}").${name}; }`);
      return { contents: `module.exports = { ${getters.join(", ")} };` };
    });
  },
};

/** What packages load that the daemon has no use for, or has already. */
const INSTEAD = {
  // No thread writes the journal, and the daemon is none.
  "thread-stream": "module.exports = class { constructor() { throw new Error('no thread writes the journal'); } };",
  worker_threads:
    "module.exports = { isMainThread: true, parentPort: null, workerData: null, get Worker() { return require('node:worker_threads').Worker; } };",
  assert: "module.exports = (...args) => require('node:assert')(...args);",
  // Its own way to what is compiled of it takes longer than all else of it, and half of that is to look which C library
  // there is: the common one is tried. Another version or machine goes that way.
  koffi: [
    "const place = process.platform + '-' + process.arch;",
    "let found; try { found = require('@koromix/koffi-' + place + '/' + place.replace('-', '_') + '/koffi.node'); } catch {}",
    `module.exports = found?.version === "${versionOf("koffi")}" ? found : require("koffi");`,
  ].join("\n"),
};
const instead = {
  name: "instead",
  setup({ onLoad, onResolve }) {
    const wanted = new RegExp(`^(?:node:)?(${Object.keys(INSTEAD).join("|")})$`);
    onResolve({ filter: wanted }, ({ path, namespace }) =>
      namespace === "instead" ? { path, external: true } : { path: path.replace("node:", ""), namespace: "instead" },
    );
    // Its code with ours, so that what it loads is loaded later, too.
    const raw = createRequire(import.meta.url).resolve("raw-socket");
    onResolve({ filter: /^raw-socket$/ }, () => ({ path: raw }));
    onResolve({ filter: /^\.\/build\/Release\/raw\.node$/ }, ({ path }) => ({
      path: path.replace(".", "raw-socket"),
      external: true,
    }));
    onLoad({ filter: wanted, namespace: "instead" }, ({ path }) => ({ contents: INSTEAD[path] }));
  },
};

const LOADED = /import\("\.\/cli\/([a-z-]+)\.ts"\)/g;
const COMMANDS = Object.fromEntries(
  [...source(ENTRIES.main).matchAll(LOADED)].map(([, name]) => [name, `agent/cli/${name}.ts`]),
);
const options = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: "node20",
  external: PACKAGES,
  // What reads the parts takes each byte for a character.
  charset: "ascii",
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
/** CommonJS: to begin with modules takes Node.js five milliseconds more, and code that V8 has compiled before is none. */
const plain = { ...options, format: "cjs", outdir, supported: { "dynamic-import": false } };

const { loader, ...run } = ENTRIES;
const programs = await build({
  ...plain,
  entryPoints: run,
  plugins: [apart, itself],
  supported: {},
  banner: { js: ITSELF },
});
/** Each is a function, and what V8 has compiled of it lies beside it: agent/daemon/compiled.ts. */
const part = (name, path, plugins) =>
  build({
    ...plain,
    entryPoints: { [name]: path },
    outdir: join(outdir, "parts"),
    plugins: [itself, later, ...plugins],
    banner: { js: `(function(require,module){${ITSELF}` },
    footer: { js: "})" },
  });
const parts = [await part("daemon", "daemon", [daemonEntry(), unaudited, instead]), await part("loader", loader, [])];
await build({ ...plain, entryPoints: { compiled: "agent/daemon/compiled.ts" } });
const commands = await build({
  ...options,
  entryPoints: COMMANDS,
  outdir: join(outdir, APART),
  splitting: true,
  format: "esm",
  chunkNames: "[name]-[hash]",
  // pino is CommonJS and asks for what Node has.
  banner: {
    js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
  },
});

const { version } = JSON.parse(source("package.json"));
const describe = (folder, type) =>
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name: "heird", version, private: true, type })}\n`);
describe(outdir, "commonjs");
describe(join(outdir, APART), "module");

for (const name of ["daemon", "loader"]) {
  const load = `require("./compiled.js").load(__dirname,"${name}",require).exports`;
  writeFileSync(join(outdir, `${name}.js`), `module.exports=${load};\n`);
  // Flags of whoever builds are not those of the daemon.
  const env = { ...process.env, NODE_OPTIONS: "" };
  execFileSync(process.execPath, ["-e", `require("./compiled.js").keep(".","${name}")`], { cwd: outdir, env });
}

const lost = [programs, ...parts, commands].flatMap(({ metafile }) =>
  startingThemselves(metafile, [...Object.values(ENTRIES), ...LOOKING]),
);
if (lost.length > 0) throw new Error(`${lost.join(", ")}: knows its place, and is no entry of deploy/bundle.mjs`);

function versionOf(name) {
  return JSON.parse(source(`node_modules/${name}/package.json`)).version;
}

/** The daemon as main.ts loads it. */
function daemonEntry() {
  const contents = Object.entries(DAEMON).map(
    ([file, names]) => `export { ${names} } from "./agent/daemon/${file}.ts";`,
  );
  return {
    name: "the daemon",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^daemon$/ }, () => ({ path: "daemon", namespace: "entry" }));
      onLoad({ filter: /.*/, namespace: "entry" }, () => ({ contents: contents.join("\n"), resolveDir: ROOT }));
    },
  };
}

function endingIn(path) {
  return new RegExp(`/${path.replaceAll(".", "\\.")}$`);
}

function startingThemselves({ inputs }, known) {
  return Object.keys(inputs)
    .filter(
      (path) => !path.startsWith("node_modules/") && !known.includes(path) && !/^(entry|instead|later):/.test(path),
    )
    .filter((path) => source(path).includes("import.meta"));
}
