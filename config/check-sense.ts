// What the words of one vrrp_check cannot mean together: it would never be good, or not ask what it seems to.

import { familyOf, isLinkLocal, parseAddress } from "../agent/core/address.ts";
import type { DeclaredCheck } from "./declared-checks.ts";
import { problem, type Report } from "./diagnostic.ts";
import { entryOf, type Section } from "./section.ts";

type Case = Pick<DeclaredCheck, "probe" | "source" | "device">;

/** Reports what contradicts itself in a check, one problem for each line that is wrong. */
export function checkSense(section: Section, check: Case, report: Report): void {
  boundTo(section, check, report);
  sameFamily(section, check, report);
  pageWithoutBody(section, check, report);
}

/** RFC 9110 §9.3.2: the answer to HEAD has no content. */
function pageWithoutBody(section: Section, { probe }: Case, report: Report): void {
  if (probe.kind !== "http" || probe.method !== "HEAD") return;
  for (const name of ["expect_body", "expect_regex", "expect_json"]) {
    const entry = entryOf(section, name);
    if (entry !== undefined)
      report(problem("H0127", entry.place, `${name}: the answer to HEAD has no page`, "remove method HEAD"));
  }
}

/** Sockets of Node are bound to an address, and to no interface. */
function boundTo(section: Section, { probe, device }: Case, report: Report): void {
  const entry = entryOf(section, "device");
  if (entry !== undefined && (probe.kind === "http" || probe.kind === "tcp" || probe.kind === "dns"))
    report(
      problem(
        "H0125",
        entry.place,
        `device belongs to ping, route, arp, and ${section.label} is ${probe.kind}`,
        `write source and an address of ${device ?? "the interface"} instead`,
      ),
    );
  const target = targetOf(probe);
  if (device !== null || target === undefined || !isLinkLocal(target)) return;
  const bound = probe.kind === "ping" || probe.kind === "arp";
  report(
    problem(
      "H0127",
      section.place,
      `${section.label}: ${target} is link-local, and means nothing without an interface`,
      bound ? "write device and the interface, too" : "ask for a global address, or for this one by ping or nd",
    ),
  );
}

function sameFamily(section: Section, { probe, source }: Case, report: Report): void {
  const entry = entryOf(section, "source");
  const target = targetOf(probe);
  if (entry === undefined || source === null || target === undefined) return;
  const from = parseAddress(source);
  if (from === undefined || familyOf(from) === familyOf(target)) return;
  report(
    problem(
      "H0127",
      entry.place,
      `source: ${source} cannot ask ${target}, which is of the other family`,
      `write a source of ${familyOf(target) === "ipv4" ? "IPv4" : "IPv6"}, or leave it out`,
    ),
  );
}

/** The address that is asked; undefined when a name is, or the system's resolver. */
function targetOf(probe: DeclaredCheck["probe"]) {
  switch (probe.kind) {
    case "http":
      return parseAddress(new URL(probe.url).hostname.replace(/^\[(.*)\]$/, "$1"));
    case "tcp":
    case "ping":
      return parseAddress(probe.host);
    case "dns":
      return probe.resolver ?? undefined;
    case "arp":
      return probe.address;
    default:
      return undefined;
  }
}
