// Which virtual router a record is about.

import { isLinkLocal } from "../core/address.ts";
import type { VirtualAddress } from "../core/config.ts";
import { networkOf } from "../core/path.ts";
import type { AgentState, RouterState } from "../core/state.ts";
import type { Subject } from "./record.ts";

export const subjectOf = ({ config: { groups } }: AgentState, { config }: RouterState): Subject => ({
  name: config.name,
  router: config.key,
  vrid: config.vrid,
  family: config.family,
  interface: config.interface,
  version: config.version,
  vips: config.virtualAddresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
  segment: segmentOf(config.virtualAddresses),
  syncGroup: groups.find(({ members }) => members.includes(config.key))?.name ?? null,
});

/** By its smallest address, a global one where there is one: in whichever order a node writes them. */
function segmentOf(addresses: readonly VirtualAddress[]): string {
  const texts = addresses.map((one) => ({ ...one, text: `${one.address}/${one.prefixLength}` }));
  const sorted = texts.toSorted((a, b) => (a.text < b.text ? -1 : 1));
  const chosen = sorted.find(({ address }) => !isLinkLocal(address)) ?? sorted[0];
  if (chosen === undefined) return "";
  const { address, length } = networkOf({ address: chosen.address, length: chosen.prefixLength });
  return `${address}/${length}`;
}
