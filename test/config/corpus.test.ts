// 346 configurations that others wrote, against what Keepalived 2.2.7 made of them.

import { describe, expect, test } from "vitest";
import { hasErrors } from "../../config/diagnostic.ts";
import type { Loaded } from "../../config/load.ts";
import {
  type CorpusFile,
  corpusFiles,
  corpusIsThere,
  loadCorpusFile,
  type Message,
  skipWithoutCorpus,
  type Variant,
} from "./corpus.ts";
import {
  declaredGlobals,
  declaredObjects,
  declaredRoute,
  declaredRule,
  printedGlobals,
  printedObjects,
  printedRoute,
  printedRule,
} from "./expected.ts";
import { asSummary, instanceSummary, summary } from "./summary.ts";

/** Where heird loads a file and rightly has something else than Keepalived: one sentence each. */
const DIFFERENT: Readonly<Record<string, string>> = {
  "009": "auth_hmac is newer than 2.2.7, which loses the rest of the instance with its closing brace",
  "010": "auth_hmac is newer than 2.2.7, which loses the rest of the instance with its closing brace",
  "034": "the script is defined below its use; Keepalived goes on without the check",
  "035": "the script is defined below its use; Keepalived goes on without the check",
  "071": "the script did not exist on the machine of the verdict",
  "077": "the hook did not exist on the machine of the verdict",
  "104": "the user keepalived_script did not exist, so scripts and hooks were dropped",
  "127": "the script is defined below its use; Keepalived goes on without the check",
  "128": "the user keepalived_script did not exist, so scripts and hooks were dropped",
  "275": "the base interface did not exist, and the dump shows the virtual one",
  "284": "the user keepalived_script did not exist, so scripts and hooks were dropped",
  "298": "the tracked file could not be made on the machine of the verdict",
  "299": "the tracked file could not be made on the machine of the verdict",
  "300": "the script did not exist on the machine of the verdict",
  "306": "a program in the form of a redirection is printed unsplit",
  "307": "the hook did not exist on the machine of the verdict",
  "345": "the base interface did not exist, and the dump shows the virtual one",
};

/** Files that 2.2.7 refuses and heird runs, and why. */
const ALLOWED: Readonly<Record<string, string>> = {
  "319": "2.2.7 wants an interface where its manual lets unicast do without",
};

/** Complaints that belong to a whole instance or file in Keepalived, and their counterparts. */
const COUNTERPARTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/SECURITY VIOLATION/, ["H0504"]],
  [/Unable to set default user/, ["H0505", "H0506"]],
  [/track script .* not found/, ["H0018"]],
  [/No VIP specified/, ["H0210", "H0211", "H0103", "H0018", "H0111", "H0407"]],
  [/without any unicast peers/, ["H0405", "H0103"]],
  [/Ignoring track_interface .* own interface/, ["H0213"]],
  [/nopreempt will not work|preempt delay will not work/, ["H0405"]],
  [/does not support authentication/, ["H0405"]],
  [/There are \d+ missing '}'s/, ["H0011", "H0006", "H0013"]],
  [/virtual router id must be set/, ["H0204", "H0101", "H0104"]],
  [/has only \d+ virtual router/, ["H0207", "H0201"]],
  [/has no virtual router|no matching virtual router/, ["H0208", "H0201", "H0001"]],
  [/Non-existent interface/, ["H0501", "H0108", "H0007"]],
  [/empty notification_email/, ["H0122"]],
  [/Unknown interface!/, ["H0204", "H0108", "H0501"]],
  [/requires vmac_xmit_base|promote_secondaries is automatically/, ["H0405"]],
  [/State MASTER must match|incompatible with AH/, ["H0405"]],
  [/VRRPv[23] advertisement interval/, ["H0106"]],
  [/due to SYNC group/, ["H0214", "H0215"]],
  [/specified in sync group .* doesn't exist/, ["H0201"]],
  [/both use VRID/, ["H0203"]],
  [/is already using/, ["H0218"]],
  [/Disabling track script/, ["H0502"]],
  [/cannot track route/, ["H0216"]],
  [/track (script|file|process) .* not found/, ["H0201", "H0219", "H0505", "H0506"]],
];

/** Complaints heird has no counterpart for, and why. */
const WITHOUT: readonly (readonly [RegExp, string])[] = [
  [/Unknown interface!/, "unicast does without one, and every address says its own"],
  [/Invalid smtp server/, "names are not looked up while a file is read"],
  [/garp group .* delay|garp_group already specified/, "garp_group is not honoured yet, so its parts are not compared"],
  [/specified for up\/down delay/, "interface_up_down_delays is not honoured yet, so its interfaces are not looked up"],
  [/Disabling track script/, "a command without a path was not installed on the machine of the verdict"],
  [/SECURITY VIOLATION/, "no script of the file runs as root"],
  [/lvs_sync_daemon/, "the first of them was told; it belongs to the load balancer"],
  [/cannot track route .*no interface/, "a route without next hop to a blackhole needs no interface"],
];

/** Keepalived takes the lines of a block it does not know for lines of the outer one; heird says it once, at the block. */
const CASCADE = /^(Unknown keyword|Unexpected '\{'|Extra '\}'|.* unknown track_interface|.*tracked interface \{)/;
const CAUSES = ["H0407", "H0018", "H0010", "H0007", "H0013", "H0006", "H0020", "H0034", "H0014"];

function accounted(message: Message, { diagnostics }: Loaded): boolean {
  if (message.line !== undefined && diagnostics.some(({ position }) => position.line === message.line)) return true;
  const has = (codes: readonly string[]) => diagnostics.some(({ code }) => codes.includes(code));
  if (COUNTERPARTS.some(([text, codes]) => text.test(message.text) && has(codes))) return true;
  if (
    CASCADE.test(message.text) &&
    diagnostics.some(({ code, position }) => CAUSES.includes(code) && position.line <= (message.line ?? 0))
  )
    return true;
  return WITHOUT.some(([text]) => text.test(message.text));
}

/** A declared script that nothing tracks is no part of what Keepalived runs when its file is missing. */
function saysTheSame({ declaration }: Loaded, file: CorpusFile): boolean {
  const expected = asSummary(file.expect);
  const mine = summary(declaration);
  const tracked = new Set(
    [...mine.instances, ...mine.sync_groups].flatMap(({ track }) => track.scripts.map(({ name }) => name)),
  );
  const named = new Set(expected.scripts.map(({ name }) => name));
  const scripts = mine.scripts.filter(({ name }) => tracked.has(name) || named.has(name));
  return JSON.stringify({ ...mine, scripts }) === JSON.stringify(expected);
}

function outcomeOf(file: CorpusFile): string {
  const loaded = loadCorpusFile(file);
  if (file.expect === null && ALLOWED[file.id] !== undefined) return "explained";
  if (file.expect === null)
    return loaded.config === null ? "refused by both" : `wrong: ${file.id} runs here and not there`;
  if (loaded.config === null) return "refused";
  if (saysTheSame(loaded, file))
    return DIFFERENT[file.id] === undefined ? "matched" : `wrong: ${file.id} needs no sentence`;
  return DIFFERENT[file.id] === undefined ? `wrong: ${file.id} ${file.name}` : "explained";
}

/** What is compared beside instances, groups and scripts: its name, heird's reading, Keepalived's. */
function partsOf(
  { declaration }: Loaded,
  { expect: theirs }: CorpusFile,
): readonly (readonly [string, unknown, unknown])[] {
  const { instances, statics } = declaration;
  // biome-ignore lint/suspicious/noExplicitAny: this is what reads a shape from outside
  const printed = (kind: string): string[][] => theirs.instances.map((one: any) => one[`virtual_${kind}`]);
  const rules = [statics.rules, ...instances.map((one) => one.rules)].map((list) => list.map(declaredRule));
  const theirRules = [theirs.static.rules ?? [], ...printed("rules")].map((list: string[], i) =>
    list.map((text, j) => printedRule(text, rules[i]?.[j]?.["priority"] !== undefined)),
  );
  const { smtpServer: mail, ...globals } = declaredGlobals(declaration);
  const { smtpServer: theirMail, ...theirGlobals } = printedGlobals(theirs.globals);
  // Names of mail servers are not looked up while a file is read.
  const named = mail !== null && /[^\d.:]/.test(mail);
  return [
    [
      "routes",
      [statics.routes, ...instances.map((one) => one.routes)].map((list) => list.map(declaredRoute)),
      [theirs.static.routes ?? [], ...printed("routes")].map((list: string[]) => list.map(printedRoute)),
    ],
    ["rules", rules, theirRules],
    ["objects", declaredObjects(declaration), printedObjects(theirs.track_files, theirs.track_processes)],
    ["globals", { ...globals, mail: named ? "" : mail }, { ...theirGlobals, mail: named ? "" : theirMail }],
  ];
}

const SHORT = ["name", "version", "family", "vrid", "interface", "state", "priority", "sync_group"] as const;

const short = (one: ReturnType<typeof instanceSummary>) => [
  ...SHORT.map((field) => one[field]),
  one.advert_int,
  one.vips.length,
  one.excluded_vips.length,
  one.unicast_peers,
];
// biome-ignore lint/suspicious/noExplicitAny: this is what reads a shape from outside
const asShort = (one: any) => [
  ...SHORT.map((field) => one[field]),
  Number(one.advert_int),
  one.vip_count,
  one.excluded_vip_count,
  one.unicast_peers,
];

/** "same", "refused", or which one differs. */
function variantOutcome(file: CorpusFile, { config_id: id, hostname, expect_short: theirs }: Variant): string {
  const { config, declaration } = loadCorpusFile(file, { configId: id ?? hostname ?? "node1" });
  if (config === null || ALLOWED[file.id] !== undefined) return "refused";
  const mine = declaration.instances.map((one) => short(instanceSummary(one)));
  return JSON.stringify(mine) === JSON.stringify(theirs?.instances.map(asShort)) ? "same" : `${file.id} ${id}`;
}

const hostOf = ({ env }: CorpusFile) => {
  const users = new Set(["root", "nobody", ...env.users]);
  return {
    interfaceExists: (name: string) => name === "lo" || env.interfaces.includes(name),
    userExists: (name: string) => users.has(name),
    cannotRun: (program: string) =>
      !program.startsWith("/") ||
      program.startsWith("/usr/bin/") ||
      program.startsWith("/usr/sbin/") ||
      program.startsWith("/bin/") ||
      program.startsWith("/sbin/") ||
      env.scripts.includes(program)
        ? null
        : "it does not exist",
  };
};

describe.skipIf(skipWithoutCorpus("346 configurations of others"))("the corpus", () => {
  const files = corpusIsThere ? corpusFiles() : [];

  test("every file that loads says what Keepalived parsed, or a sentence says why not", () => {
    const outcomes = files.map((file) => outcomeOf(file));
    expect(outcomes.filter((outcome) => outcome.startsWith("wrong"))).toEqual([]);
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    // The rest is refused for mistakes that Keepalived passes with a guess, or refuses itself.
    expect(count("matched")).toBeGreaterThanOrEqual(220);
    expect(count("refused")).toBeLessThanOrEqual(90);
  });

  test("what is refused is understood all the same, wherever Keepalived's guess is the reading", () => {
    const refused = files.filter((file) => file.expect !== null && loadCorpusFile(file).config === null);
    // What is nearly a keyword is read as that one, so that nothing else seems to be missing; Keepalived leaves it out.
    const guessed = ({ diagnostics }: Loaded) =>
      diagnostics.some(({ code, help }) => code === "H0005" || /^(did you mean|write group)/.test(help ?? ""));
    const comparable = refused.filter((file) => !guessed(loadCorpusFile(file)));
    const same = comparable.filter(
      (file) => JSON.stringify(summary(loadCorpusFile(file).declaration)) === JSON.stringify(asSummary(file.expect)),
    );
    expect(comparable.length).toBeGreaterThan(40);
    expect(same.length / comparable.length).toBeGreaterThan(0.8);
  });

  test("a file that Keepalived runs and heird refuses has one error, wherever one edit mends it", () => {
    const errors = files
      .filter(({ expect: theirs }) => theirs !== null)
      .map((file) => loadCorpusFile(file).diagnostics.filter(({ severity }) => severity === "error").length);
    expect(errors.filter((count) => count === 1).length).toBeGreaterThanOrEqual(60);
    expect(errors.filter((count) => count > 1).length).toBeLessThanOrEqual(25);
  });

  test("routes, rules, files, processes and globals are what Keepalived parsed", () => {
    const different: string[] = [];
    let compared = 0;
    for (const file of files) {
      const loaded = loadCorpusFile(file);
      if (file.expect === null || loaded.config === null) continue;
      for (const [what, mine, theirs] of partsOf(loaded, file)) {
        compared++;
        if (JSON.stringify(mine) !== JSON.stringify(theirs)) different.push(`${file.id} ${what}`);
      }
    }
    // The tracked files could not be made on the machine of the verdict; that interface was not there.
    expect(different).toEqual(["123 globals", "124 globals", "275 objects", "298 objects", "299 objects"]);
    expect(compared).toBeGreaterThan(900);
  });

  test("the same files with other configuration ids have the instances that Keepalived has", () => {
    const outcomes = files.flatMap((file) => (file.variants ?? []).map((variant) => variantOutcome(file, variant)));
    const different = outcomes.filter((outcome) => outcome !== "same" && outcome !== "refused");
    // The base interface did not exist there, and the dump shows the virtual one.
    expect(different).toEqual(["275 null", "345 medium", "345 low"]);
    expect(outcomes.filter((outcome) => outcome === "same").length).toBeGreaterThan(100);
  });

  test("every complaint of Keepalived about VRRP has a counterpart at its line, or a sentence why not", () => {
    const open: string[] = [];
    let count = 0;
    for (const file of files) {
      const loaded = loadCorpusFile(file, { host: hostOf(file) });
      for (const message of file.verdict.messages) {
        if (message.lvs === true) continue;
        count++;
        if (!accounted(message, loaded)) open.push(`${file.id}:${message.line} ${message.text}`);
      }
    }
    expect(open).toEqual([]);
    expect(count).toBeGreaterThan(1_000);
  });

  test("every diagnostic stands inside a file that was read", () => {
    for (const file of files) {
      const { diagnostics, files: texts, config } = loadCorpusFile(file, { assumeHonoured: false });
      expect(config === null).toBe(hasErrors(diagnostics));
      for (const { position } of diagnostics) {
        const line = texts.get(position.file)?.split("\n")[position.line - 1];
        expect(line, `${file.id} ${JSON.stringify(position)}`).toBeDefined();
        expect(position.column - 1 + position.length).toBeLessThanOrEqual(line?.length ?? 0);
      }
    }
  });
});
