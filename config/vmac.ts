// use_vmac and use_ipvlan: the interface that carries the virtual router's MAC address.

import type { Family } from "../agent/core/address.ts";
import type { DeclaredGlobals, DeclaredVmac } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { entryOf, has, numberIn, type Section } from "./schema.ts";
import { placeOf, type Word } from "./syntax.ts";
import { interfaceProblem } from "./values.ts";

/** The virtual interface of an instance; null when it uses the plain one. */
export function vmacOf(
  section: Section,
  family: Family,
  globals: DeclaredGlobals,
  report: Report,
): DeclaredVmac | null {
  const macvlan = entryOf(section, "use_vmac");
  const ipvlan = entryOf(section, "use_ipvlan");
  const at = macvlan ?? ipvlan;
  const base = entryOf(section, "vmac_xmit_base");
  if (at === undefined) {
    if (base !== undefined)
      report(problem("H0405", base.place, "vmac_xmit_base has no effect without use_vmac", "remove it"));
    return null;
  }
  const { name, mac } = argumentsOf(at.args, report);
  const vrid = numberIn(section, "virtual_router_id") ?? 0;
  const unicast = has(section, "unicast_peer");
  if (unicast && base === undefined)
    report(
      problem(
        "H0405",
        at.place,
        "with unicast_peer, adverts go out of the parent interface: vmac_xmit_base is set",
        "write vmac_xmit_base",
      ),
    );
  const kind = macvlan === undefined ? "ipvlan" : "macvlan";
  const prefix = family === "ipv6" ? `${globals.vmacPrefix}6` : globals.vmacPrefix;
  return { kind, name: name ?? `${prefix}.${vrid}`, xmitBase: base !== undefined || unicast, mac, place: at.place };
}

const MAC = /^([0-9a-fA-F]{1,2}:){4,5}[0-9a-fA-F]{1,2}$/;

function argumentsOf(args: readonly Word[], report: Report): { name: string | null; mac: string | null } {
  let name: string | null = null;
  let mac: string | null = null;
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word === undefined) break;
    if (word.text === "group") i++;
    else if (MAC.test(word.text)) mac = word.text;
    else if (
      !["name", "netlink_notify_msg", "bridge", "private", "vepa"].includes(word.text) &&
      !/[/]|^\d+\.|:/.test(word.text)
    ) {
      const wrong = interfaceProblem(word);
      if (wrong !== undefined) report(wrong);
      else if (name === null) name = word.text;
      else
        report(
          problem(
            "H0110",
            placeOf(word),
            `"${word.text}" is no argument of a virtual MAC`,
            "it takes a name, a MAC address, netlink_notify_msg and group N",
          ),
        );
    }
  }
  return { name, mac };
}
