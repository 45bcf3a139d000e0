// The parts of the program that a start waits for, as V8 compiled them when they were put together: to compile them anew
// was a third of a start. deploy/bundle.mjs makes them, and nothing else writes them.
//
// V8 passes over what another version of it or other flags have made, and compiles as ever. It does not look whether
// what it is given is whole, nor more of the code than its length: with one bit turned it ran on, or ended the process,
// and with other code of the same length it ran the old one. So all of it is hashed, here.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { HURRY_FLAG, KEPT_FLAGS, YOUNG_FLAG } from "./flags.ts";

/** A function of `require` and a module, as the code of each part is. */
type Part = (required: NodeJS.Require, module: { exports: unknown }) => void;

/** What is set where a part is loaded: it belongs to what V8 compares. */
const FLAGS = { daemon: [YOUNG_FLAG, HURRY_FLAG], loader: [YOUNG_FLAG, ...KEPT_FLAGS] } as const;
export type PartName = keyof typeof FLAGS;

const DIGEST = 32;

const codeOf = (folder: string, name: PartName): string => join(folder, "parts", `${name}.js`);
const keptOf = (folder: string, name: PartName): string => join(folder, "parts", `${name}.v8`);

/** Releases of Node.js may mend V8 and leave its version as it is. */
const digestOf = (code: Buffer, compiled: Buffer): Buffer =>
  createHash("sha256").update(`${process.version} ${process.arch}\n`).update(code).update(compiled).digest();

/** Null where there is nothing, or it is not of this code and whole. */
function compiledOf(folder: string, name: PartName, code: Buffer): Buffer | null {
  try {
    const kept = readFileSync(keptOf(folder, name));
    const compiled = kept.subarray(DIGEST);
    return digestOf(code, compiled).equals(kept.subarray(0, DIGEST)) ? compiled : null;
  } catch {
    return null;
  }
}

/** Its name for stacks is in what is kept, wherever that came to lie: operate/origin.ts knows it. */
const scriptOf = (name: PartName, code: Buffer, cachedData?: Buffer): Script =>
  // Of all that is not ASCII deploy/bundle.mjs has made escapes.
  new Script(code.toString("latin1"), {
    filename: `heird:${name}.js`,
    ...(cachedData === undefined ? {} : { cachedData }),
  });

type Ready = { readonly script: Script; readonly asCompiled: boolean };

/** What was read goes with its return: held while the part runs it would be garbage of the old kind, and stay. */
function ready(folder: string, name: PartName): Ready {
  const code = readFileSync(codeOf(folder, name));
  const compiled = compiledOf(folder, name, code);
  const script = scriptOf(name, code, compiled ?? undefined);
  return { script, asCompiled: compiled !== null && script.cachedDataRejected !== true };
}

/** Loads a part; `asCompiled` is false where it was compiled anew. */
export function load(
  folder: string,
  name: PartName,
  required: NodeJS.Require,
): { readonly exports: unknown; readonly asCompiled: boolean } {
  for (const flag of FLAGS[name]) setFlagsFromString(flag);
  const { script, asCompiled } = ready(folder, name);
  const module = { exports: {} };
  (script.runInThisContext() as Part)(required, module);
  return { exports: module.exports, asCompiled };
}

/** Compiles a part to the last function, which V8 else does when it is called, and writes it beside the code. */
export function keep(folder: string, name: PartName): void {
  const code = readFileSync(codeOf(folder, name));
  setFlagsFromString("--no-lazy");
  const script = scriptOf(name, code);
  setFlagsFromString("--lazy");
  for (const flag of FLAGS[name]) setFlagsFromString(flag);
  const compiled = script.createCachedData();
  writeFileSync(keptOf(folder, name), Buffer.concat([digestOf(code, compiled), compiled]));
}
