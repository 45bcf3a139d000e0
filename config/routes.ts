// One line of virtual_routes and static_routes: [type] [to] DESTINATION and options.

import { parseAddress } from "../agent/core/address.ts";
import { prefixOf } from "./addresses.ts";
import type { DeclaredLine, DeclaredOption } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { optionLine, optionTable } from "./options.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";

/** rtnetlink(7) route types by name. */
const TYPES = [
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "throw",
  "unreachable",
  "prohibit",
  "blackhole",
];

const OPTIONS = optionTable({
  nothing: `${TYPES.join(" ")} inet inet6 add prepend append onlink nexthop no_track|no-track`,
  address: "via|gw|gateway src or",
  prefix: "to from",
  interface: "dev|oif vrf",
  number:
    "metric|priority|preference weight hoplimit initcwnd initrwnd window* cwnd* ssthresh* reordering* rtt* rttvar* rto_min* mtu* advmss* expires",
  word: "table scope protocol|proto tos|dsfield realms|realm features quickack congctl* pref ttl-propagate track_group encap as id ttl tc flags mode fastopen_no_cookie csum-mode ident-type hook-type",
});

/** The destination and options of a route; undefined when the line cannot be used, which is reported. */
export function routeLine({ words, place }: Statement, report: Report): DeclaredLine | undefined {
  const { free, options, ok } = optionLine(words, OPTIONS, isDestination, "route", report);
  deprecated(words, report);
  const [destination, second] = free;
  if (second !== undefined)
    report(
      problem(
        "H0118",
        placeOf(second),
        `"${second.text}" is a second destination on the line`,
        "write one route per line",
      ),
    );
  const to = options.find(({ name }) => name === "to")?.values[0] ?? destination?.text;
  const valid = destination === undefined || isWord(destination.text) || prefixOf(destination, report) !== undefined;
  const end = { ...place, end: words.at(-1)?.end ?? place.end };
  if (to === undefined && ok)
    report(problem("H0204", end, "the route has no destination", "write the network it leads to, or default"));
  if (to === undefined || !ok || !valid || second !== undefined) return undefined;
  const plain = twoGateways(options);
  const given = plain.some(({ name }) => name === "to") ? plain : [{ name: "to", values: [to] }, ...plain];
  return { options: given, noTrack: untracked(given, to, end, report), place: end };
}

const isWord = (text: string) => text === "default" || text === "any" || text === "all";

const isDestination = ({ text }: Word): boolean =>
  isWord(text) || parseAddress(text.split("/")[0] ?? "") !== undefined || /^[\d.:]+\//.test(text);

function deprecated(words: readonly Word[], report: Report): void {
  for (const word of words) {
    const better = word.text === "gw" ? "via" : word.text === "or" ? "nexthop" : undefined;
    if (better !== undefined)
      report(problem("H0404", placeOf(word), `${word.text} in routes is an old name`, `write ${better}`));
  }
}

/** `via A or B` is the old form of two next hops. */
function twoGateways(options: readonly DeclaredOption[]): readonly DeclaredOption[] {
  const second = options.find(({ name }) => name === "or");
  if (second === undefined) return options;
  const rest = options.filter(({ name }) => name !== "or" && name !== "via");
  const hops = options.filter(({ name }) => name === "via").concat({ name: "via", values: second.values });
  return [...rest, ...hops.flatMap((via) => [{ name: "nexthop", values: [] }, via])];
}

/** A route without an interface of its own cannot be watched: nothing says when it must have gone. */
function untracked(
  options: readonly DeclaredOption[],
  to: string,
  place: DeclaredLine["place"],
  report: Report,
): boolean {
  const has = (name: string) => options.some((option) => option.name === name);
  if (has("no_track")) return true;
  const protocol = options.find(({ name }) => name === "protocol")?.values[0];
  if (protocol !== undefined && protocol !== "keepalived" && protocol !== "18") {
    report(
      problem(
        "H0216",
        place,
        `the route to ${to} is watched, and must have protocol keepalived (18) for that, not ${protocol}`,
        "remove protocol, or add no_track",
      ),
    );
  }
  if (has("dev") && !has("nexthop")) return false;
  if (!TYPES.slice(5).some(has))
    report(
      problem(
        "H0216",
        place,
        `the route to ${to} names no interface, so it is not watched`,
        "add dev and the interface, or no_track",
      ),
    );
  return true;
}
