// A rehearsal for people and for programs.

import type { IpAddress } from "../core/address.ts";
import type { Account, Tenure } from "../rehearse/holders.ts";
import type { Rehearsal, SingleFault } from "../rehearse/rehearsal.ts";
import type { Site } from "../rehearse/world.ts";
import { table } from "./table.ts";

const seconds = (us: number): string => `${(us / 1_000_000).toFixed(3)}s`;
const span = (us: number): string => (us === 0 ? "-" : us < 1_000 ? "<0.001s" : seconds(us));
const who = (holders: readonly string[]): string => (holders.length === 0 ? "nobody" : holders.join(" and "));

/** Times count from the moment at which the routers had settled; what lies before is negative. */
export function rehearsalText({ happenings, tenures, from, accounts }: Rehearsal, sites: readonly Site[]): string {
  const at = (when: number): string => seconds(when - from).padStart(10);
  const timeline = happenings.map(({ at: when, who: name, says }) =>
    name === null ? `${at(when)}  * ${says}` : `${at(when)}  ${name}  ${says}`,
  );
  const held = [...tenures].flatMap(([address, known]) => known.map((tenure) => row(address, tenure, from)));
  return [
    `${sites.length} router(s): ${sites.map(({ name }) => name).join(", ")}`,
    "",
    ...timeline,
    "",
    table(["ADDRESS", "FROM", "HELD BY"], held),
    "",
    table(["ADDRESS", "IN THE END", "LONGEST GAP", "ALL GAPS", "TWO MASTERS"], accounts.map(accountRow)),
  ].join("\n");
}

const row = (address: IpAddress, { from, holders }: Tenure, zero: number): readonly string[] => [
  address,
  seconds(from - zero),
  who(holders),
];

const accountRow = ({ address, holders, gap, gone, dual }: Account): readonly string[] => [
  address,
  who(holders),
  span(gap),
  span(gone),
  span(dual),
];

/** `astray`: what has no one holder as long as nothing fails. */
export function singleFaultsText(
  faults: readonly SingleFault[],
  astray: readonly Account[],
  maxGap: number | null,
): string {
  const rows = faults.map(({ sentence, survived, gap, gapAfter, dual, accounts }) => [
    sentence,
    survived ? (maxGap !== null && Math.max(gap, gapAfter) > maxGap ? "late" : "yes") : "NO",
    span(gap),
    span(gapAfter),
    span(dual),
    [...new Set(accounts.map(({ holders }) => who(holders)))].join(", "),
  ]);
  const lost = faults.filter(({ survived }) => !survived).length;
  return [
    table(["FAULT", "SURVIVED", "GAP", "WHEN OVER", "TWO MASTERS", "HELD BY"], rows),
    "",
    lost === 0
      ? `every one of ${faults.length} single faults is survived`
      : `${lost} of ${faults.length} single faults leave an address without exactly one holder`,
    ...astray.map(({ address, holders }) => `while nothing fails, ${address} is held by ${who(holders)}`),
  ].join("\n");
}

/** Times in µs from the moment at which the routers had settled. */
export const rehearsalDocument = (
  { happenings, tenures, from, to, accounts }: Rehearsal,
  faults: readonly SingleFault[],
  astray: readonly Account[],
  sites: readonly Site[],
) => ({
  schema: 1,
  routers: sites.map(({ name, ports }) => ({ name, ports })),
  timeline: happenings.map(({ at, who: router, says }) => ({ at: at - from, router, says })),
  held: Object.fromEntries(
    [...tenures].map(([address, known]) => [address, known.map((one) => ({ from: one.from - from, by: one.holders }))]),
  ),
  span: to - from,
  addresses: accounts,
  singleFaults: faults,
  withoutFaults: astray,
});
