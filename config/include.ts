// Which files an include asks for: globs, csh braces, relative to the including file.

import { problem, type Report } from "./diagnostic.ts";
import type { Place } from "./source.ts";

export type ReadOutcome =
  /** Keepalived passes over what somebody may execute: it is a program that lies among configurations. */
  | { readonly ok: true; readonly text: string; readonly executable?: boolean }
  /** Of what is there: whether it is no file at all, too large, or may not be read. */
  | { readonly ok: false; readonly error: string; readonly found?: "irregular" | "large" | "unreadable" };

/** How files are reached. `load.ts` has the one of the disk; a test hands a map. */
export type FileReader = {
  readonly read: (path: string) => ReadOutcome;
  /** The names in a directory; none when it does not exist. */
  readonly list: (directory: string) => readonly string[];
};

/** Keepalived's forms, from lenient to strict: what may be missing before it is an error. */
export const INCLUDE_KINDS = ["includer", "includem", "includew", "includeb", "includea", "include"] as const;
export type IncludeKind = (typeof INCLUDE_KINDS)[number];

const MAX_BRANCHES = 1_000;

/** The files that match, sorted within each branch. What matches nothing is reported as strictly as the keyword asks. */
export function includedFiles(
  kind: IncludeKind,
  pattern: string,
  at: Place,
  reader: FileReader,
  report: Report,
): readonly string[] {
  const base = directoryOf(at.line.file.path);
  const branches = branchesOf(pattern, MAX_BRANCHES);
  const found: string[] = [];
  const isThere = (one: string): boolean => {
    const outcome = reader.read(one);
    return outcome.ok || outcome.found !== undefined;
  };
  for (const branch of branches) {
    const path = branch.startsWith("/") ? branch : `${base}/${branch}`;
    const wild = /[*?[]/.test(branch);
    const matches = wild
      ? globbed(normal(path), reader).filter(isThere)
      : [normal(path)].filter((one) => kind === "includer" || isThere(one));
    found.push(...matches);
    if (matches.length === 0) missing(kind, branch, wild, branches.length > 1, at, report);
  }
  return found;
}

function missing(
  kind: IncludeKind,
  branch: string,
  wild: boolean,
  oneOfMany: boolean,
  at: Place,
  report: Report,
): void {
  const strict =
    kind === "includea" || kind === "includem" || (kind === "includew" && wild) || (kind === "includeb" && oneOfMany);
  if (strict)
    report(
      problem(
        "H0027",
        at,
        `${kind}: no file matches ${branch}`,
        "create the file, or write include when it may be missing",
      ),
    );
  else if (!wild)
    report(problem("H0029", at, `no file ${branch}: nothing is included`, "create it, or remove the include"));
  else report(problem("H0033", at, `no file matches ${branch}: nothing is included`));
}

export const directoryOf = (path: string): string =>
  path.includes("/") ? path.slice(0, Math.max(1, path.lastIndexOf("/"))) : ".";

/** Without `.` and `..`, so that one file has one name and a loop is seen. */
function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "." || part === "") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (part !== ".." || !path.startsWith("/")) parts.push(part);
  }
  return (path.startsWith("/") ? "/" : "") + parts.join("/");
}

/** csh braces: `a{b,c}d` is `abd` and `acd`. At most `limit` of them. */
function branchesOf(pattern: string, limit: number): readonly string[] {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0 && done.length < limit) {
    const next = open.pop() ?? "";
    const match = /\{([^{}]*)\}/.exec(next);
    if (match === null || open.length > limit) done.push(next);
    else {
      const branches = (match[1] ?? "").split(",");
      const before = next.slice(0, match.index);
      const after = next.slice(match.index + match[0].length);
      for (const branch of branches.reverse()) open.push(before + branch + after);
    }
  }
  return done;
}

function globbed(path: string, reader: FileReader): readonly string[] {
  let found = [path.startsWith("/") ? "/" : ""];
  const parts = path.split("/").filter((part) => part !== "");
  for (const part of parts) {
    const wild = /[*?[]/.test(part);
    const matcher = wild ? globMatcher(part) : undefined;
    found = found.flatMap((base) => {
      const inside = base === "" || base === "/" ? base : `${base}/`;
      if (matcher === undefined) return [inside + part];
      const names = [...reader.list(base === "" ? "." : base)].sort();
      return names
        .filter((name) => matcher(name) && (!name.startsWith(".") || part.startsWith(".")))
        .map((name) => inside + name);
    });
  }
  return found;
}

/** Wildcards of glob(7) within one path component. */
function globMatcher(part: string): (name: string) => boolean {
  const source = part.replace(/\[!/g, "[^").replace(/[.+^$(){}|\\]|\*|\?/g, (c, offset: number) => {
    if (c === "*") return ".*";
    if (c === "?") return ".";
    return c === "^" && part[offset - 1] === "[" ? c : `\\${c}`;
  });
  try {
    const expression = new RegExp(`^${source}$`, "su");
    return (name) => expression.test(name);
  } catch {
    return (name) => name === part;
  }
}
