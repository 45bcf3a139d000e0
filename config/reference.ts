// The reference page, from the table of keywords and the table of codes.

import { shapeText } from "./arguments.ts";
import type { Severity } from "./code-row.ts";
import { CODES } from "./codes.ts";
import { EXAMPLES } from "./examples.ts";
import { AFTER_PORTABLE, type BlockName, type Keyword, type Support } from "./keywords/keyword.ts";
import { KEYWORDS } from "./keywords.ts";

const BLOCKS: Readonly<Record<BlockName, string>> = {
  root: "Outside of any block",
  global_defs: "global_defs { }",
  vrrp_instance: "vrrp_instance NAME { }",
  authentication: "authentication { }, within vrrp_instance",
  auth_hmac: "auth_hmac { }, within vrrp_instance",
  vrrp_sync_group: "vrrp_sync_group NAME { }",
  vrrp_script: "vrrp_script NAME { }",
  track_file: "track_file NAME { }",
  vrrp_track_process: "vrrp_track_process NAME { }",
  bfd_instance: "bfd_instance NAME { }",
  garp_group: "garp_group { }",
  track_group: "track_group NAME { }",
  vrrp_check: "vrrp_check NAME { }",
  metric: "metric { }, within vrrp_check",
  flap_penalty: "flap_penalty { }, within vrrp_check and vrrp_script",
  hook_policy: "hook_policy { }, within global_defs, vrrp_instance and vrrp_sync_group",
  webhook: "webhook URL { }, within global_defs, vrrp_instance and vrrp_sync_group",
  event_log: "event_log { }",
  audit: "audit { }",
  control: "control { }",
  metrics: "metrics { }",
};

const SUPPORT: Readonly<Record<Support, string>> = {
  honoured: "yes",
  pending: "later; warned of",
  required: "later; refused until then",
  ignored: "no; warned of",
};

/** The page as Markdown. */
export function referencePage(): string {
  const blocks = Object.keys(BLOCKS) as BlockName[];
  const ofKeepalived = blocks.flatMap((block) => {
    const rows = KEYWORDS[block].filter(({ own }) => !own);
    return rows.length === 0 ? [] : section("##", BLOCKS[block], rows);
  });
  const ofHeird = blocks.flatMap((block) => {
    const rows = KEYWORDS[block].filter(({ own }) => own);
    return rows.length === 0 ? [] : [...section("###", BLOCKS[block], rows), ...exampleOf(block)];
  });
  return [
    "# The configuration language",
    "",
    "heird reads keepalived.conf. This page is made from the table in `keywords/` and from `codes.ts`;",
    "a test keeps it current. The last column says whether this release honours the keyword.",
    "",
    ...ofKeepalived,
    "## heird's own",
    "",
    "What Keepalived has no word for, in the same syntax. `heird check --portable` lists every such line.",
    "",
    ...ofHeird,
    ...codes(),
  ].join("\n");
}

function exampleOf(block: BlockName): readonly string[] {
  const example = EXAMPLES.find(([about]) => about === block);
  return example === undefined ? [] : ["```", ...example[1].split("\n"), "```", ""];
}

const cell = (text: string): string => text.replaceAll("|", "\\|");

function section(level: "##" | "###", title: string, rows: readonly Keyword[]): readonly string[] {
  const cells = rows.map(({ name, aliases, shape, default: fallback, since, doc, support }) => {
    const names = [name, ...aliases].map((one) => `\`${one}\``).join(", ");
    const note = since === "" ? "" : ` Keepalived ${since === AFTER_PORTABLE ? "newer than 2.2.7" : since}.`;
    return [names, shapeText(shape), fallback, `${doc}${note}`, SUPPORT[support]].map(cell);
  });
  return [`${level} ${title}`, "", ...table(["Keyword", "Takes", "Default", "Meaning", "Honoured"], cells), ""];
}

/** A table whose columns stand below each other. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) => `| ${cells.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

function codes(): readonly string[] {
  const rows = Object.entries(CODES).flatMap(
    ([code, { severity, title, explain }]: [string, { severity: Severity; title: string; explain: string }]) => [
      `### ${code}: ${title} (${severity})`,
      "",
      explain,
      "",
    ],
  );
  return ["## Diagnostics", "", ...rows];
}
