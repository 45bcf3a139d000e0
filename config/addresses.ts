// One line of virtual_ipaddress and its sisters: ADDR[/LEN] and options.

import { addressFromBytes, bytesOf, familyOf, type IpAddress, parseAddress } from "../agent/core/address.ts";
import type { DeclaredAddress } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";
import { addressHelp, choiceOf, interfaceProblem, numberOf } from "./values.ts";

/** RT_SCOPE_* by name. */
const SCOPES: ReadonlyMap<string, number> = new Map([
  ["global", 0],
  ["site", 200],
  ["link", 253],
  ["host", 254],
  ["nowhere", 255],
]);

const MAX_LABEL = 15;

type Draft = { -readonly [K in keyof DeclaredAddress]: DeclaredAddress[K] };
type Option = {
  readonly argument: boolean;
  readonly family: "ipv4" | "ipv6" | "any";
  /** Puts the option into the draft; false when its argument is wrong, which is reported. */
  readonly apply: (draft: Draft, argument: Word, report: Report) => boolean;
};

type FlagField = "home" | "dad" | "mngtmpaddr" | "noprefixroute" | "autojoin" | "noTrack" | "useVmac";

const flagOption = (family: Option["family"], field: FlagField): Option => ({
  argument: false,
  family,
  apply: (draft) => {
    draft[field] = true;
    return true;
  },
});

const withArgument = (family: Option["family"], apply: Option["apply"]): Option => ({ argument: true, family, apply });

const device = withArgument("any", (draft, word, report) => {
  const wrong = interfaceProblem(word);
  if (wrong !== undefined) report(wrong);
  else draft.dev = word.text;
  return wrong === undefined;
});

const broadcast = withArgument("ipv4", (draft, word, report) => {
  const address =
    word.text === "+" || word.text === "-"
      ? edgeOf(draft.address, draft.prefixLength, word.text)
      : parseAddress(word.text);
  if (address === undefined || familyOf(address) !== "ipv4")
    report(
      problem(
        "H0103",
        placeOf(word),
        `brd: "${word.text}" is no IPv4 address`,
        "write + for the network's last address",
      ),
    );
  else draft.broadcast = address;
  return address !== undefined;
});

const OPTIONS: ReadonlyMap<string, Option> = new Map<string, Option>([
  ["dev", device],
  ["brd", broadcast],
  ["broadcast", broadcast],
  ["label", withArgument("ipv4", label)],
  ["scope", withArgument("ipv4", scope)],
  ["peer", withArgument("any", peer)],
  ["preferred_lft", withArgument("ipv6", lifetime)],
  ["track_group", withArgument("any", trackGroup)],
  ["home", flagOption("ipv6", "home")],
  ["-nodad", flagOption("ipv6", "dad")],
  ["mngtmpaddr", flagOption("ipv6", "mngtmpaddr")],
  ["noprefixroute", flagOption("any", "noprefixroute")],
  ["autojoin", flagOption("any", "autojoin")],
  ["no_track", flagOption("any", "noTrack")],
  ["no-track", flagOption("any", "noTrack")],
  ["use_vmac", flagOption("any", "useVmac")],
  ["on_loss", withArgument("any", onLoss)],
]);

/** The address of a line; undefined when the line has none that can be used, which is reported. */
export function addressLine({ words, place }: Statement, report: Report): DeclaredAddress | undefined {
  const first = words[0];
  const prefix = first === undefined ? undefined : prefixOf(first, report);
  if (first === undefined || prefix === undefined) return undefined;
  const draft: Draft = {
    address: prefix.address,
    prefixLength: prefix.length,
    explicitLength: prefix.explicit,
    peer: null,
    dev: null,
    broadcast: null,
    label: "",
    scope: 0,
    noTrack: false,
    home: false,
    dad: false,
    mngtmpaddr: false,
    noprefixroute: false,
    autojoin: false,
    preferredLft: null,
    useVmac: false,
    trackGroup: null,
    onLoss: null,
    place: { line: place.line, start: place.start, end: words.at(-1)?.end ?? place.end },
  };
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    if (word === undefined) break;
    i += applyOption(draft, word, words[i + 1], report);
  }
  if (draft.noTrack && draft.onLoss !== null && draft.onLoss !== "ignore")
    report(
      problem(
        "H0127",
        draft.place,
        `no_track says that nothing happens when the address is lost, and on_loss says ${draft.onLoss}`,
        "remove no_track",
      ),
    );
  return draft;
}

/** Applies one option; gives how many words it took beside its name. */
function applyOption(draft: Draft, word: Word, argument: Word | undefined, report: Report): number {
  const option = OPTIONS.get(word.text);
  if (option === undefined) {
    unknownOption(word, report);
    return 0;
  }
  if (option.argument && argument === undefined) {
    report(problem("H0002", placeOf(word), `${word.text} needs a value behind it`));
    return 0;
  }
  const family = familyOf(draft.address);
  if (option.family !== "any" && option.family !== family) {
    report(
      problem(
        "H0119",
        placeOf(word),
        `${word.text} has no meaning for ${family === "ipv6" ? "IPv6" : "IPv4"} addresses and is ignored`,
        "remove it",
      ),
    );
  } else option.apply(draft, argument ?? word, report);
  return option.argument ? 1 : 0;
}

function unknownOption(word: Word, report: Report): void {
  if (parseAddress(word.text.split("/")[0] ?? "") !== undefined) {
    report(
      problem(
        "H0118",
        placeOf(word),
        `${word.text} is a second address on the line, and Keepalived would drop it`,
        "write one address per line",
      ),
    );
    return;
  }
  const near = closest(word.text, [...OPTIONS.keys()]);
  report(
    problem(
      "H0110",
      placeOf(word),
      `"${word.text}" is no option of an address`,
      near === undefined ? `options are ${[...OPTIONS.keys()].join(", ")}` : `did you mean ${near}?`,
    ),
  );
}

type Prefix = { readonly address: IpAddress; readonly length: number; readonly explicit: boolean };

/** ADDR[/LEN]; without a length it is the whole address: 32 or 128. */
export function prefixOf(word: Word, report: Report): Prefix | undefined {
  const slash = word.text.indexOf("/");
  const text = slash < 0 ? word.text : word.text.slice(0, slash);
  const address = parseAddress(text);
  if (address === undefined) {
    report(problem("H0103", placeOf(word), `"${word.text}" is no address`, addressHelp(word.text)));
    return undefined;
  }
  const longest = familyOf(address) === "ipv4" ? 32 : 128;
  if (slash < 0) return { address, length: longest, explicit: false };
  const { line, end, quoted } = word;
  const rest: Word = { text: word.text.slice(slash + 1), line, start: word.start + slash + 1, end, quoted };
  const length = maskLength(rest.text);
  if (length !== undefined) {
    report(
      problem(
        "H0101",
        placeOf(rest),
        `prefix length: "${rest.text}" is a netmask, and Keepalived would take ${longest}`,
        `write ${text}/${length}`,
      ),
    );
    return undefined;
  }
  const value = numberOf(rest, "prefix length", { min: 0, max: longest, whole: true, unit: "" }, report);
  return value === undefined ? undefined : { address, length: value, explicit: true };
}

/** The length of a contiguous netmask; undefined when it is none. */
function maskLength(text: string): number | undefined {
  if (!text.includes(".")) return undefined;
  const mask = parseAddress(text);
  if (mask === undefined) return undefined;
  const bits = [...bytesOf(mask)].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1*0*$/.test(bits) ? bits.replace(/0*$/, "").length : undefined;
}

/** `+`: the network's address with all host bits set; `-`: with all of them cleared. */
function edgeOf(address: IpAddress, prefixLength: number, edge: "+" | "-"): IpAddress {
  const bytes = bytesOf(address);
  for (const [i, byte] of bytes.entries()) {
    const host = 0xff >> Math.max(0, Math.min(8, prefixLength - i * 8));
    bytes[i] = edge === "+" ? byte | host : byte & ~host & 0xff;
  }
  return addressFromBytes(bytes);
}

function label(draft: Draft, word: Word, report: Report): boolean {
  const fits = new TextEncoder().encode(word.text).length <= MAX_LABEL;
  if (fits) draft.label = word.text;
  else
    report(
      problem(
        "H0109",
        placeOf(word),
        `label ${word.text} has more than 15 bytes, and Keepalived would leave the address out`,
        "shorten it",
      ),
    );
  return fits;
}

function scope(draft: Draft, word: Word, report: Report): boolean {
  const known = SCOPES.get(word.text);
  const value =
    known ??
    (/^\d+$/.test(word.text)
      ? numberOf(word, "scope", { min: 0, max: 255, whole: true, unit: "" }, report)
      : undefined);
  if (value === undefined && !/^\d+$/.test(word.text))
    report(problem("H0105", placeOf(word), `scope: "${word.text}" is not one of ${[...SCOPES.keys()].join(", ")}`));
  if (value !== undefined) draft.scope = value;
  return value !== undefined;
}

function peer(draft: Draft, word: Word, report: Report): boolean {
  const address = parseAddress(word.text);
  const longest = familyOf(draft.address) === "ipv4" ? 32 : 128;
  if (address === undefined || familyOf(address) !== familyOf(draft.address)) {
    report(
      problem(
        "H0103",
        placeOf(word),
        `peer: "${word.text}" is no address of the same family, without a prefix length`,
        "write peer ADDRESS",
      ),
    );
    return false;
  }
  if (draft.explicitLength)
    report(
      problem(
        "H0405",
        placeOf(word),
        "with peer, the prefix length of the own address is ignored",
        `write ${draft.address} peer ${address}`,
      ),
    );
  draft.prefixLength = longest;
  draft.peer = { address, prefixLength: longest };
  return true;
}

function lifetime(draft: Draft, word: Word, report: Report): boolean {
  const value =
    word.text === "forever"
      ? "forever"
      : numberOf(word, "preferred_lft", { min: 0, max: 4_294_967_295, whole: true, unit: "s" }, report);
  if (value !== undefined) draft.preferredLft = value;
  return value !== undefined;
}

function trackGroup(draft: Draft, word: Word): boolean {
  draft.trackGroup = word.text;
  return true;
}

/** heird's own. */
function onLoss(draft: Draft, word: Word, report: Report): boolean {
  const value = choiceOf(word, "on_loss", ["restore", "failover", "ignore"], report);
  if (value === "restore" || value === "failover" || value === "ignore") draft.onLoss = value;
  report(problem("H0408", placeOf(word), "on_loss is heird's own"));
  return value !== undefined;
}
