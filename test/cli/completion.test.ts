// Completion, tried with the shells themselves: what they offer is compared with the table.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { COMMAND_NAMES, optionsOf } from "../../agent/cli/commands.ts";
import { completion, type Shell } from "../../agent/cli/completion.ts";
import { shortOf } from "../../agent/cli/help.ts";
import { skipBecause } from "../netns/requirements.ts";

const folder = mkdtempSync(join(tmpdir(), "heird-completion-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const name of ["one.conf", "two.conf"]) writeFileSync(join(folder, name), "");

function missing(shell: Shell): string | null {
  try {
    execFileSync(shell, ["-c", "exit 0"], { stdio: "ignore" });
    return null;
  } catch {
    return `missing program: apt-get install ${shell}`;
  }
}

const run = (shell: Shell, args: readonly string[]): string =>
  execFileSync(shell, args, {
    cwd: folder,
    encoding: "utf8",
    timeout: 10_000,
    env: { ...process.env, HOME: folder, TERM: "dumb" },
  });

/** What bash offers for the last of these words. */
function offeredByBash(words: readonly string[]): readonly string[] {
  const script = `${completion("bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
COMP_CWORD=${words.length - 1}
compopt() { :; }
_heird
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run("bash", ["--norc", "--noprofile", "-c", script])
    .split("\n")
    .filter((line) => line !== "");
}

/** Fish offers lines of word, tab and description. */
function offeredByFish(words: readonly string[]): readonly string[] {
  const script = join(folder, "heird.fish");
  writeFileSync(script, completion("fish"));
  const lines = run("fish", ["--no-config", "-c", `source ${script}; complete -C '${words.join(" ")}'`]).split("\n");
  return lines.filter((line) => line !== "").map((line) => line.split("\t")[0] ?? "");
}

/**
 * Zsh is given a terminal, where a key completes and then says so; what would be inserted is told by an
 * observer in the place of compadd. Words that are waited for are written in pieces, because the
 * terminal repeats what is typed.
 */
function offeredByZsh(words: readonly string[]): readonly string[] {
  writeFileSync(join(folder, "_heird"), completion("zsh"));
  const offers = join(folder, "offers");
  const setUp = [
    `PS1=""; fpath=(${folder} $fpath); autoload -Uz compinit; compinit -u -d ${join(folder, "dump")}`,
    `compadd() { builtin compadd -O found "$@"; print -rl -- $found >> ${offers}; builtin compadd "$@" }`,
    "tell() { zle complete-word; print; print o''ver }",
    "zle -N tell; bindkey '^T' tell; print re''ady",
  ];
  const script = `
zmodload zsh/zpty
: > ${offers}
zpty heird zsh -f -i
${setUp.map((line) => `zpty -w heird ${JSON.stringify(line).replaceAll("$", "\\$")}`).join("\n")}
while zpty -r heird line; do [[ $line == *ready* ]] && break; done
zpty -w -n heird '${words.join(" ")}'$'\\C-t'
while zpty -r heird line; do [[ $line == *over* ]] && break; done
zpty -d heird
cat ${offers}`;
  const lines = run("zsh", ["-f", "-c", script]).split("\n");
  // It asks its completers one after the other, and some of them twice.
  return [...new Set(lines.filter((line) => line !== ""))];
}

const longOptions = (command: (typeof COMMAND_NAMES)[number]): readonly string[] =>
  optionsOf(command).map((option) => `--${option}`);

type Offer = (words: readonly string[]) => readonly string[];

/** What holds in every shell. */
function holdsIn(offered: Offer): void {
  test("a command", () => {
    expect(offered(["heird", ""]).toSorted()).toEqual(COMMAND_NAMES.toSorted());
    expect(offered(["heird", "rel"])).toEqual(["reload"]);
  });

  test("the options of the command, and no others", () => {
    for (const command of ["reload", "plan", "check"] as const)
      expect(
        offered(["heird", command, "--"])
          .filter((word) => word.startsWith("--"))
          .toSorted(),
      ).toEqual(longOptions(command).toSorted());
  });

  test("the words of an option that takes one of a few", () => {
    expect(offered(["heird", "run", "--log-level", "w"])).toEqual(["warn"]);
  });

  test("the words behind a command", () => {
    expect(offered(["heird", "completion", "f"])).toEqual(["fish"]);
    expect(offered(["heird", "audit", "ti"])).toEqual(["timeline"]);
    expect(offered(["heird", "check", "on"])).toEqual(["one.conf"]);
    expect(offered(["heird", "plan", "-f", "tw"])).toEqual(["two.conf"]);
  });
}

describe("bash completes", () => {
  holdsIn(offeredByBash);

  test("what stands behind an equals sign, which bash makes a word of its own", () => {
    expect(offeredByBash(["heird", "run", "--log-level", "=", "er"])).toEqual(["error"]);
    expect(offeredByBash(["heird", "run", "--log-level", "="])).toContain("trace");
    expect(offeredByBash(["heird", "--state-dir", "/tmp", "st"])).toEqual(["status"]);
  });

  test("short options, too", () => {
    expect(offeredByBash(["heird", "run", "-"])).toEqual(
      expect.arrayContaining(optionsOf("run").flatMap((option) => shortOf(option) ?? [])),
    );
  });
});

describe.skipIf(skipBecause("completion in fish", missing("fish")))("fish completes", () => holdsIn(offeredByFish));

describe.skipIf(skipBecause("completion in zsh", missing("zsh")))("zsh completes", () => holdsIn(offeredByZsh));
