// use_vmac and use_ipvlan: the interface that carries the virtual router's MAC address.

import { type IpAddress, parseAddress } from "../agent/core/address.ts";
import type { DeclaredInstance, DeclaredVmac } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { entryOf, has, type Section } from "./section.ts";
import { placeOf, type Word } from "./syntax.ts";
import { interfaceProblem } from "./values.ts";

/** The virtual interface of an instance, null when it uses the plain one, its name empty when none is given; and the address that use_ipvlan gives it. */
export function vmacOf(
  section: Section,
  report: Report,
): { readonly vmac: DeclaredVmac | null; readonly source: IpAddress | null } {
  const macvlan = entryOf(section, "use_vmac");
  const ipvlan = entryOf(section, "use_ipvlan");
  const at = macvlan ?? ipvlan;
  const base = entryOf(section, "vmac_xmit_base");
  if (at === undefined) {
    if (base !== undefined)
      report(problem("H0405", base.place, "vmac_xmit_base has no effect without use_vmac", "remove it"));
    return { vmac: null, source: null };
  }
  const kind = macvlan === undefined ? "ipvlan" : "macvlan";
  const { name, mac, source, group } = argumentsOf(at.args, kind, report);
  const unicast = has(section, "unicast_peer") || has(section, "unicast_src_ip");
  if (unicast && base === undefined)
    report(
      problem(
        "H0405",
        at.place,
        "with unicast_peer, adverts go out of the parent interface: vmac_xmit_base is set",
        "write vmac_xmit_base",
      ),
    );
  const xmitBase = base !== undefined || unicast;
  return {
    vmac: { kind, name: name ?? "", xmitBase, mac, group, place: at.place },
    source,
  };
}

const MAC = /^([0-9a-fA-F]{1,2}:){4,5}[0-9a-fA-F]{1,2}$/;

/**
 * Default names: prefix.VRID; where another instance has that one, as on another interface, a number stands behind the
 * prefix: 6 for the first of IPv6, as Keepalived has it, and otherwise the next.
 */
export function withVmacNames(instances: readonly DeclaredInstance[], prefix: string): readonly DeclaredInstance[] {
  const taken = new Set(instances.flatMap(({ vmac }) => (vmac === null || vmac.name === "" ? [] : [vmac.name])));
  const nameless = instances.filter(({ vmac }) => vmac?.name === "");
  const names = new Map<DeclaredInstance, string>();
  for (const family of ["ipv4", "ipv6"] as const)
    for (const one of nameless.filter((other) => other.family === family)) {
      const nameWith = (number: string): string => generatedName(prefix, `${number}.${one.vrid ?? 0}`);
      const name = nameWith(NUMBERS[family].find((number) => !taken.has(nameWith(number))) ?? "");
      taken.add(name);
      names.set(one, name);
    }
  return instances.map((one) =>
    one.vmac === null ? one : { ...one, vmac: { ...one.vmac, name: names.get(one) ?? one.vmac.name } },
  );
}

/** For as many interfaces with one VRID as nobody has. */
const COUNTED: readonly string[] = Array.from({ length: 250 }, (_, i) => String(i + 1)).filter((one) => one !== "6");
const NUMBERS = { ipv4: ["", ...COUNTED], ipv6: ["", "6", ...COUNTED] } as const;

const NAME_LENGTH = 15;

/** The end tells names apart, so it is the beginning that is cut. */
export const generatedName = (begin: string, end: string): string => begin.slice(0, NAME_LENGTH - end.length) + end;

/** vmac_prefix and its sister: what leaves room for a VRID. Keepalived cuts longer ones off. */
export function vmacPrefixIn(section: Section, name: string, report: Report): string | undefined {
  const word = entryOf(section, name)?.args[0];
  if (word === undefined) return undefined;
  if (!/^[\w.:-]{1,11}$/.test(word.text))
    report(
      problem(
        "H0108",
        placeOf(word),
        `${name} "${word.text}" cannot begin the name of an interface, which has 15 bytes and ends with the VRID`,
        "write at most 11 letters and digits",
      ),
    );
  return word.text;
}

type Arguments = { name: string | null; mac: string | null; source: IpAddress | null; group: number };

const WORDS = { macvlan: ["name", "netlink_notify_msg"], ipvlan: ["name", "bridge", "private", "vepa"] } as const;

function argumentsOf(args: readonly Word[], kind: DeclaredVmac["kind"], report: Report): Readonly<Arguments> {
  const found: Arguments = { name: null, mac: null, source: null, group: 0 };
  const words: readonly string[] = WORDS[kind];
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word?.text === "netlink_notify_msg")
      report(
        problem("H0401", placeOf(word), "netlink_notify_msg is known but not honoured yet; the router runs without it"),
      );
    if (word?.text === "group") linkGroup(found, word, args[++i], report);
    else if (word !== undefined && !words.includes(word.text)) argument(found, word, kind, report);
  }
  return found;
}

/** A number, as of `ip link set IF group N`. Names of them stand in a file of iproute2's. */
function linkGroup(found: Arguments, word: Word, value: Word | undefined, report: Report): void {
  const number = Number(value?.text === "default" ? 0 : (value?.text ?? Number.NaN));
  if (Number.isInteger(number) && number >= 0 && number <= 0x7fff_ffff) found.group = number;
  else
    report(
      problem(
        "H0110",
        placeOf(value ?? word),
        "a group of links is a number",
        "write group N, as of ip link set group",
      ),
    );
}

function argument(found: Arguments, word: Word, kind: DeclaredVmac["kind"], report: Report): void {
  const address = kind === "ipvlan" ? parseAddress(word.text.split("/")[0] ?? "") : undefined;
  if (address !== undefined) found.source = address;
  else if (MAC.test(word.text)) found.mac = word.text;
  else if (found.name === null) {
    const wrong = interfaceProblem(word);
    if (wrong !== undefined) report(wrong);
    else found.name = word.text;
  } else
    report(
      problem(
        "H0110",
        placeOf(word),
        `"${word.text}" is no argument of a virtual MAC`,
        "it takes a name, a MAC address, netlink_notify_msg and group N",
      ),
    );
}
