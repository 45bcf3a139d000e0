// heird rehearse: people's own files, lowered by the real loader, played in one process before they are
// deployed: who holds which address when, and whether every single failure is survived.

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { hasErrors, printDiagnostics } from "../../config/diagnostic.ts";
import { loadConfig } from "../../config/load.ts";
import { type Duration, microseconds } from "../core/time.ts";
import { rehearse as play, playSingleFault, settlingTime, singleFaultsOf } from "../rehearse/rehearsal.ts";
import { type Misread, readStep, type Step, spanOf } from "../rehearse/script.ts";
import { type Named, sitesOf } from "../rehearse/sites.ts";
import type { Site } from "../rehearse/world.ts";
import { EXIT, Refusal } from "./refusal.ts";
import { rehearsalDocument, rehearsalText, singleFaultsText } from "./rehearse-text.ts";

type Flags = {
  readonly "all-single-faults": boolean;
  readonly fault?: readonly string[] | undefined;
  readonly json: boolean;
  readonly loss?: string | undefined;
  readonly "max-gap"?: string | undefined;
  readonly script?: string | undefined;
  readonly seed?: string | undefined;
  readonly "config-id"?: string | undefined;
};

/** A rehearsal of this many virtual routers and steps is told in a moment; a longer script goes on after its last word. */
export function rehearse(paths: readonly string[], flags: Flags): number {
  const sites = sitesOf(load(paths, flags["config-id"]));
  const options = { sites, seed: seedOf(flags.seed), loss: lossOf(flags.loss) };
  const maxGap = flags["max-gap"] === undefined ? null : timeOf(flags["max-gap"], "--max-gap");
  const steps = stepsOf(flags, sites);
  const last = Math.max(0, ...steps.map(({ at }) => at));
  const rehearsal = play(options, steps, microseconds(last + settlingTime(sites)));
  const all = flags["all-single-faults"];
  const faults = all ? singleFaultsOf(sites).map((sentence) => playSingleFault(options, sentence)) : [];
  // Where two hold an address as long as nothing fails, each single fault looks like the cure.
  const astray = all
    ? play(options, [], settlingTime(sites)).accounts.filter(({ holders }) => holders.length !== 1)
    : [];
  if (flags.json) process.stdout.write(`${JSON.stringify(rehearsalDocument(rehearsal, faults, astray, sites))}\n`);
  else {
    process.stdout.write(`${rehearsalText(rehearsal, sites)}\n`);
    if (all) process.stdout.write(`\n${singleFaultsText(faults, astray, maxGap)}\n`);
  }
  const gaps = [...rehearsal.accounts.map(({ gap }) => gap), ...faults.flatMap(({ gap, gapAfter }) => [gap, gapAfter])];
  const tooLong = maxGap !== null && gaps.some((gap) => gap > maxGap);
  return tooLong || astray.length > 0 || faults.some(({ survived }) => !survived) ? EXIT.refused : EXIT.ok;
}

function load(paths: readonly string[], configId: string | undefined): readonly Named[] {
  const names = namesOf(paths);
  const loaded = paths.map((path) => loadConfig(path, configId === undefined ? {} : { configId }));
  const wrong = loaded.filter(({ config, diagnostics }) => config === null || hasErrors(diagnostics));
  if (wrong.length > 0) {
    const colour = process.stderr.isTTY === true;
    const told = wrong.map(({ diagnostics, files }) => printDiagnostics(diagnostics, files, { colour }));
    throw new Refusal(EXIT.config, told.join("\n"));
  }
  return loaded.flatMap(({ config }, i) => (config === null ? [] : [{ name: names[i] ?? "", config }]));
}

/** What the files are called, where that tells them apart; letters otherwise. */
function namesOf(paths: readonly string[]): readonly string[] {
  const names = paths.map((path) =>
    basename(path)
      .replace(/\.[^.]*$/, "")
      .toLowerCase(),
  );
  const distinct = new Set(names).size === names.length && names.every((name) => /^[\w.-]+$/.test(name));
  return distinct ? names : paths.map((_, i) => String.fromCharCode("a".charCodeAt(0) + i));
}

function stepsOf({ fault = [], script }: Flags, sites: readonly Site[]): readonly Step[] {
  const siteOf = (name: string) => sites.find((site) => site.name === name);
  const cast = {
    names: sites.map(({ name }) => name),
    portsOf: (name: string) => siteOf(name)?.ports.map((port) => port.name) ?? [],
    checksOf: (name: string) => siteOf(name)?.config.checks.map((check) => check.name) ?? [],
  };
  const said = fault.map((text): Said => ({ place: "--fault", text }));
  const steps: Step[] = [];
  const wrong: string[] = [];
  for (const sentence of [...(script === undefined ? [] : linesOf(script)), ...said]) {
    const read = readStep(sentence.text, cast);
    if ("says" in read) wrong.push(misreadText(sentence, read));
    else steps.push(...read);
  }
  if (wrong.length > 0) throw new Refusal(EXIT.usage, wrong.join("\n"));
  return steps;
}

/** A sentence, and where it was said. */
type Said = { readonly place: string; readonly text: string };

const misreadText = ({ place, text }: Said, { column, length, says, help }: Misread): string =>
  [
    `${place}:${column}: ${says}`,
    `  | ${text}`,
    `  | ${" ".repeat(column - 1)}${"^".repeat(length)}`,
    `  = help: ${help}`,
  ].join("\n");

function linesOf(file: string): readonly Said[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return lines
      .map((line, i): Said => ({ place: `${file}:${i + 1}`, text: line.replace(/#.*/, "").trimEnd() }))
      .filter(({ text }) => text !== "");
  } catch (cause) {
    throw new Refusal(EXIT.usage, `cannot read the script ${file}: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function seedOf(text = "1"): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0) throw new Refusal(EXIT.usage, `--seed is a whole number, not "${text}"`);
  return seed;
}

function lossOf(text = "0%"): number {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  if (percent === undefined || Number(percent) > 100)
    throw new Refusal(EXIT.usage, `--loss is a percentage such as 2%, not "${text}"`);
  return Number(percent) * 10;
}

function timeOf(text: string, option: string): Duration {
  const span = spanOf(text);
  if (span === null) throw new Refusal(EXIT.usage, `${option} is a time such as 500ms or 4s, not "${text}"`);
  return span;
}
