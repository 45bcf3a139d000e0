// Where addresses lie: on the interface itself, or on one with a virtual MAC upon it.

import type { VirtualInterface, Vmac } from "../agent/core/config.ts";
import type { DeclaredAddress, DeclaredInstance } from "./declaration.ts";
import { generatedName } from "./vmac.ts";

/** What an instance needs to be made, and on which interface each of its addresses lies. */
export type Placing = {
  readonly vmac: Vmac | null;
  readonly virtualInterfaces: readonly VirtualInterface[];
  readonly interfaceOf: (address: DeclaredAddress) => string;
};

/** Names that are given out; those that the configuration names itself come first. */
export type Names = Set<string>;

export const namesOf = (instances: readonly DeclaredInstance[]): Names =>
  new Set(instances.flatMap(({ vmac }) => (vmac === null ? [] : [vmac.name])));

/** Places the addresses of one instance; names of further interfaces are `prefix.VRID`, `prefix.VRID.1` and so on. */
export function placing(instance: DeclaredInstance, iface: string, prefix: string, names: Names): Placing {
  const { vmac: declared } = instance;
  const made = new Map<string, VirtualInterface>();
  if (declared !== null) {
    const { kind, name, group } = declared;
    made.set(iface, { kind, name, parent: iface, mac: macOf(instance), group });
  }
  for (const { dev, useVmac } of [...instance.addresses, ...instance.excluded]) {
    const parent = dev ?? iface;
    if (made.has(parent) || !(useVmac || (instance.useVmacAddr && parent !== iface))) continue;
    const name = freeName(prefix, `.${instance.vrid ?? 0}`, names);
    names.add(name);
    made.set(parent, { kind: "macvlan", name, parent, mac: macOf(instance), group: 0 });
  }
  return {
    // An ipvlan has its parent's MAC, so that adverts look the same from there; it has no address to send them from.
    vmac:
      declared === null
        ? null
        : { kind: declared.kind, name: declared.name, xmitBase: declared.xmitBase || declared.kind === "ipvlan" },
    virtualInterfaces: [...made.values()],
    interfaceOf: ({ dev, useVmac }) => {
      const parent = dev ?? iface;
      const wanted = parent === iface || useVmac || instance.useVmacAddr;
      return (wanted ? made.get(parent)?.name : undefined) ?? parent;
    },
  };
}

function freeName(prefix: string, vrid: string, names: Names): string {
  const plain = generatedName(prefix, vrid);
  if (!names.has(plain)) return plain;
  for (let i = 1; ; i++) {
    const next = generatedName(prefix, `${vrid}.${i}`);
    if (!names.has(next)) return next;
  }
}

const octet = (value: number): string => value.toString(16).padStart(2, "0");

/** RFC 5798 §7.3: 00-00-5E-00-01-{VRID}, 02 for IPv6. Of a given one, a missing sixth octet is the VRID. */
function macOf({ vmac, family, vrid }: DeclaredInstance): string {
  const given = vmac?.mac?.split(":").map((pair) => Number.parseInt(pair, 16));
  const octets = given ?? [0x00, 0x00, 0x5e, 0x00, family === "ipv4" ? 0x01 : 0x02];
  return (octets.length === 5 ? [...octets, vrid ?? 0] : octets).map(octet).join(":");
}
