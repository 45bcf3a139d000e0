// Who may import whom: one rule per row of the table in ARCHITECTURE.md, each with its reason.
// test/tidy/direction.mjs runs them, and plants a violation of every one to see that it fires.
//
// `pathNot` is what a folder may import; anything else is a violation, so that a new arrow between
// two folders has to be drawn here before it can be drawn in the code.

const TIME = "^agent/core/time\\.ts$";
const ADDRESS = "^agent/core/address\\.ts$";
const PATH = "^agent/core/path\\.ts$";
const CORE = "^agent/core/";
/** The parts of the core that decide. Whoever only needs its types and units must not call them. */
const MACHINE = "^agent/core/(agent|router|group)\\.ts$";
const KERNEL = "^agent/kernel\\.ts$";
const RXJS = "^node_modules/rxjs/";
/** Requests over HTTP, and names; they know nothing of heird. */
const WEB = "^agent/web/";
/** Users, groups and who may write what; they know nothing of heird either. */
const USERS = "^agent/users/";
/** What the configuration says about checks: types alone. */
const CHECK = "^agent/core/check\\.ts$";
/** Builtins resolve to their bare name, without a dot; every file of ours has one. */
const NODE = "^(node:)?[a-z_0-9/]+$";

const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    rule(
      "core-is-pure",
      "The core knows no stream, no clock and no kernel: that is what makes replay exact.",
      { path: CORE },
      { pathNot: [CORE] },
    ),
    rule(
      "wire-is-bytes-and-values",
      "Codecs are functions of their bytes; without streams and Node they run the same in a test, a simulation and a reader of captures.",
      { path: "^agent/wire/" },
      { pathNot: ["^agent/wire/", CORE] },
    ),
    rule(
      "log-remembers-only",
      "The log stands between seeing and doing; if it knew a source or an executor, writing could wait for either.",
      { path: "^agent/log/" },
      { pathNot: ["^agent/log/", CORE, "^(node:)?(fs|fs/promises|path|crypto|os|zlib)$"] },
    ),
    rule(
      "explain-reads-only",
      "An explanation is a function of the log, or the same log would be told differently on another machine.",
      { path: "^agent/explain/" },
      { pathNot: ["^agent/explain/", CORE, "^agent/log/"] },
    ),
    rule(
      "explain-takes-types-of-the-log",
      "Reading files is the log's business; an explanation is handed the events.",
      { path: "^agent/explain/" },
      { path: "^agent/log/", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "audit-and-operate-only-read",
      "What is asked of a running daemon, or shipped from its log, must not be able to reach the wire or the kernel.",
      { path: "^agent/(audit|operate)/" },
      {
        pathNot: ["^agent/(audit|operate)/", CORE, "^agent/(log|explain)/", "^agent/run\\.ts$", NODE, "^node_modules/"],
      },
    ),
    rule(
      "audit-and-operate-do-not-fold",
      "A second place that decides would one day disagree with the machine; they ask for its turns.",
      { path: "^agent/(audit|operate)/" },
      { path: MACHINE, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "audit-and-operate-take-types-of-the-circle",
      "They watch the turns as every driver does; only main.ts closes the circle.",
      { path: "^agent/(audit|operate)/" },
      { path: "^agent/run\\.ts$", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "cli-asks",
      "A command asks the log, the socket, the configuration or a rehearsal; only main.ts puts a daemon together.",
      { path: "^agent/cli/" },
      {
        pathNot: ["^agent/cli/", CORE, "^agent/(log|explain|audit|operate|rehearse)/", KERNEL, "^config/", NODE],
      },
    ),
    rule(
      "linux-implements-the-port",
      "The folder that touches the kernel knows the port and the types in its signatures, so that it can be replaced by a simulated one.",
      { path: "^agent/linux/" },
      {
        pathNot: [
          "^agent/linux/",
          KERNEL,
          TIME,
          ADDRESS,
          PATH,
          "^agent/core/(config|actor)\\.ts$",
          NODE,
          "^node_modules/(koffi|raw-socket)/",
        ],
      },
    ),
    rule(
      "linux-takes-types-of-the-configuration",
      "The port speaks of VirtualAddress and of who asks; anything more of them would be a decision.",
      { path: "^agent/linux/" },
      { path: "^agent/core/(config|actor)\\.ts$", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "rehearse-runs-the-daemon-without-a-machine",
      "A rehearsal runs the real drivers, fold and log over a kernel of its own; with Node or the real kernel at hand it could touch the machine, and would not be the same twice.",
      { path: "^agent/rehearse/" },
      {
        pathNot: [
          "^agent/rehearse/",
          CORE,
          "^agent/(wire|log|sources|effects)/",
          "^agent/(run|alarm|kernel)\\.ts$",
          RXJS,
        ],
      },
    ),
    rule(
      "sources-look",
      "A source tells what it sees through the port; it neither acts nor knows which kernel is there.",
      { path: "^agent/sources/" },
      {
        pathNot: [
          "^agent/sources/",
          CORE,
          "^agent/wire/",
          KERNEL,
          "^agent/run\\.ts$",
          "^agent/clock\\.ts$",
          "^checks/watch\\.ts$",
          RXJS,
          NODE,
        ],
      },
    ),
    rule(
      "sources-do-not-decide",
      "What an observation means is decided in the fold, where replay sees it.",
      { path: "^agent/sources/" },
      { path: MACHINE, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "sources-are-strangers",
      "Each source has one thing to look at; two that share state would be a third, unlogged one.",
      { path: "^agent/sources/([^/]+)$" },
      { path: "^agent/sources/", pathNot: ["^agent/sources/$1$"] },
    ),
    rule(
      "only-commands-listens",
      "Signals and the control socket come in at one door, sources/commands.ts.",
      { path: "^agent/sources/", pathNot: ["^agent/sources/commands\\.ts$"] },
      { path: NODE },
    ),
    rule(
      "effects-act",
      "An executor does what a value says through the port; it knows nothing of phases and sees nothing by itself.",
      { path: "^agent/effects/" },
      {
        pathNot: [
          "^agent/effects/",
          CORE,
          "^agent/hooks/",
          "^agent/wire/",
          KERNEL,
          "^agent/run\\.ts$",
          "^agent/clock\\.ts$",
          WEB,
          RXJS,
          NODE,
        ],
      },
    ),
    rule(
      "effects-do-not-decide",
      "An executor that decides would act on what the log has not heard.",
      { path: "^agent/effects/" },
      { path: MACHINE, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "effects-are-strangers",
      "Their order is the order inside a turn; an executor that called another would change it. What they share is the shape of their queues.",
      // perform.ts is the one that hands the effects out.
      { path: "^agent/effects/([^/]+)$", pathNot: ["^agent/effects/perform\\.ts$"] },
      {
        path: "^agent/effects/",
        pathNot: ["^agent/effects/$1$", "^agent/effects/(lane|pace|prepare|additions)\\.ts$"],
      },
    ),
    rule(
      "hooks-tell",
      "What runs people's programs knows what to tell and nothing of why; pipes are the only thing of the kernel it needs beside Node.",
      { path: "^agent/hooks/" },
      {
        pathNot: [
          "^agent/hooks/",
          CORE,
          "^agent/linux/pipe\\.ts$",
          "^agent/web/",
          USERS,
          NODE,
          "^node_modules/(@types/)?nodemailer/",
        ],
      },
    ),
    rule(
      "hooks-do-not-decide",
      "A hook that was decided here would be told nowhere in the log.",
      { path: "^agent/hooks/" },
      { path: MACHINE, dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "only-notify-spawns",
      "Processes are started in one file, with no shell and with the user the configuration names.",
      { path: "^agent/effects/", pathNot: ["^agent/effects/notify\\.ts$"] },
      { path: NODE },
    ),
    rule(
      "web-knows-nobody",
      "A request is made for whoever wants one; if it knew why, checks and hooks could not share it.",
      { path: WEB },
      { pathNot: [WEB, NODE, "^node_modules/undici/"] },
    ),
    rule(
      "users-are-of-the-machine",
      "Who somebody is does not depend on what for he is looked up: hooks, checks and the reading of a configuration have one answer.",
      { path: USERS },
      { pathNot: [USERS, NODE] },
    ),
    rule(
      "checks-only-ask",
      "A check answers a question; what the answer costs is decided in the fold.",
      { path: "^checks/" },
      { pathNot: ["^checks/", TIME, CHECK, "^agent/clock\\.ts$", KERNEL, WEB, USERS, RXJS, NODE] },
    ),
    rule(
      "checks-take-types-of-the-port",
      "A check is handed what it needs of the kernel; which one it is, only main.ts knows.",
      { path: "^checks/" },
      { path: [KERNEL, CHECK], dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "config-produces",
      "The core says what it needs and this folder's whole job is to produce it, from text alone.",
      { path: "^config/" },
      {
        pathNot: [
          "^config/",
          "^agent/core/(config|usual|check)\\.ts$",
          TIME,
          ADDRESS,
          PATH,
          "^checks/watch\\.ts$",
          USERS,
          NODE,
        ],
      },
    ),
    rule(
      "config-takes-a-type-of-the-checks",
      "A configuration is read without running anything it describes.",
      { path: "^config/" },
      { path: "^checks/", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "only-load-reads-files",
      "Every other step takes text and gives text or values, so a test can hand it a map of files; machine.ts gives facts.",
      { path: "^config/", pathNot: ["^config/(load|machine)\\.ts$"] },
      { path: [NODE, USERS] },
    ),
    rule(
      "the-circle-knows-no-driver",
      "run, alarm, clock and the port are handed their drivers; if they knew one, a simulation would run another daemon.",
      { path: "^agent/[^/]+\\.ts$", pathNot: ["^agent/main\\.ts$"] },
      { pathNot: ["^agent/[^/]+\\.ts$", CORE, "^agent/log/event-log\\.ts$", RXJS] },
    ),
    rule(
      "the-circle-takes-a-type-of-the-log",
      "Which log it is, is an argument.",
      { path: "^agent/[^/]+\\.ts$", pathNot: ["^agent/main\\.ts$"] },
      { path: "^agent/log/", dependencyTypesNot: ["type-only"] },
    ),
    rule(
      "only-main-assembles",
      "agent/daemon is main.ts in several files: it knows everybody, so whoever knew it would know everybody too.",
      { pathNot: ["^agent/main\\.ts$", "^agent/daemon/", "^test/"] },
      { path: "^agent/daemon/" },
    ),
    rule(
      "every-folder-has-a-row",
      "A folder of agent that this table does not name is a folder nobody has thought about.",
      {
        path: "^agent/[^/]+/",
        pathNot: [
          "^agent/(core|wire|log|explain|audit|operate|cli|linux|sources|effects|daemon|web|users|rehearse|hooks)/",
        ],
      },
      { path: "." },
    ),
    rule(
      "main-is-the-end",
      "main.ts knows everybody; whoever imports it would know everybody too.",
      {},
      { path: "^agent/main\\.ts$" },
    ),
    rule(
      "tests-are-the-end",
      "Nothing of the product stands on a test.",
      { path: "^(agent|checks|config)/" },
      { path: "^test/" },
    ),
    rule(
      "product-takes-no-development-packages",
      "What is installed with --omit=dev must be enough to run.",
      { path: "^(agent|checks|config)/" },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    ),
    rule(
      "every-import-resolves",
      "An import that leads nowhere is an arrow no other rule has looked at.",
      {},
      { couldNotResolve: true },
    ),
    rule("no-cycles", "Two files that need each other are one file, or three.", {}, { circular: true }),
  ],
  options: {
    doNotFollow: { path: ["node_modules"] },
    exclude: { path: ["^dist/", "\\.d\\.ts$"] },
    tsConfig: { fileName: "tsconfig.json" },
    // Without this, imports of types alone would be invisible, and with them half of the table.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "require", "node", "default"] },
  },
};
