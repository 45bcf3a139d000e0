// Arguments and help: one table, and what is read from it.

import { describe, expect, test } from "vitest";
import { COMMAND_NAMES, OPTIONS, type OptionName, optionsOf, parse } from "../../agent/cli/commands.ts";
import { helpOn, overview } from "../../agent/cli/help.ts";
import { EXIT, Refusal } from "../../agent/cli/refusal.ts";

/** Why these arguments are refused. */
function refusal(...argv: readonly string[]): string {
  try {
    parse(argv);
  } catch (cause) {
    if (cause instanceof Refusal && cause.code === EXIT.usage) return cause.message;
    throw cause;
  }
  throw new Error(`${argv.join(" ")} was taken`);
}

describe("arguments", () => {
  test("a command, its options, and the files behind it", () => {
    const { command, values, operands } = parse(["check", "--json", "a.conf", "b.conf"]);
    expect({ command, json: values.json, strict: values.strict, operands }).toEqual({
      command: "check",
      json: true,
      strict: false,
      operands: ["a.conf", "b.conf"],
    });
  });

  test("an option of another command is refused, before and behind the command", () => {
    expect(refusal("status", "--strict")).toContain("heird status takes no --strict");
    expect(refusal("--wait", "run")).toContain("heird run takes no --wait");
  });

  test.each([
    [["chekc"], 'no command "chekc"'],
    [["run", "heird.conf"], 'takes no "heird.conf"'],
    [["completion"], "needs a SHELL"],
    [["promote"], "needs a VR"],
    [["drain", "VI_1", "VI_2"], 'takes no "VI_2"'],
    [["completion", "tcsh"], "none of bash, zsh, fish"],
    [["plan", "--frm", "x"], "--frm"],
  ])("%j is refused", (argv, because) => {
    expect(refusal(...argv)).toContain(because);
  });

  test("help and the version are asked of every command", () => {
    for (const name of COMMAND_NAMES) expect(parse([name, "--help"]).values.help).toBe(true);
  });
});

describe("help", () => {
  test("the overview has every command", () => {
    for (const name of COMMAND_NAMES) expect(overview()).toContain(`heird ${name}`);
  });

  test("every option is of some command, and stands in its help", () => {
    const used = new Set<OptionName>(COMMAND_NAMES.flatMap(optionsOf));
    expect([...used].toSorted()).toEqual((Object.keys(OPTIONS) as OptionName[]).toSorted());
    for (const name of COMMAND_NAMES)
      for (const option of optionsOf(name)) expect(helpOn(name)).toContain(`--${option}`);
  });

  test("no line of it is wider than 120 columns", () => {
    const lines = [overview(), ...COMMAND_NAMES.map(helpOn)].join("\n").split("\n");
    expect(lines.filter((line) => line.length > 120)).toEqual([]);
  });
});
