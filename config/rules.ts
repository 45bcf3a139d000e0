// One line of virtual_rules and static_rules: options of ip-rule(8).

import type { DeclaredLine } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { optionLine, optionTable } from "./options.ts";
import type { Statement } from "./syntax.ts";

const OPTIONS = optionTable({
  nothing: "not nop l3mdev no_track|no-track inet inet6 blackhole unreachable prohibit",
  prefix: "from to",
  interface: "iif|dev oif",
  number: "preference|order|priority|pref goto tunnel-id suppress_prefixlength|suppress_prefixlen|sup_prefixlen|sup_pl",
  word: "table|lookup fwmark tos|dsfield realms suppress_ifgroup|sup_ifgroup|sup_group uidrange protocol ipproto sport dport type track_group",
});

/** The options of a rule; undefined when the line cannot be used, which is reported. */
export function ruleLine({ words, place }: Statement, report: Report): DeclaredLine | undefined {
  const { options, ok } = optionLine(words, OPTIONS, () => false, "rule", report);
  const end = { ...place, end: words.at(-1)?.end ?? place.end };
  if (!ok) return undefined;
  const has = (name: string) => options.some((option) => option.name === name);
  if (!has("preference"))
    report(
      problem(
        "H0217",
        end,
        "the rule has no preference, and gets one that depends on the order of the file",
        "write preference N",
      ),
    );
  return { options, noTrack: has("no_track"), place: end };
}
