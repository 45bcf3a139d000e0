// What two files of one cluster disagree about: everything on which routers of one VRID must agree,
// and what must differ between them. Keepalived finds out on the wire, as two Masters.

import { inSeconds } from "../agent/core/time.ts";
import type { ClusterFile, Member, VirtualRouter } from "./cluster.ts";
import type { Code } from "./codes.ts";
import type { DeclaredAddress, DeclaredInstance } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import type { Place } from "./source.ts";

/** Reports what the routers of a cluster disagree about. Each is compared with the first of its VRID. */
export function checkPair(files: readonly ClusterFile[], routers: readonly VirtualRouter[], report: Report): void {
  for (const { members } of routers) {
    const [first, ...others] = members;
    if (first === undefined) continue;
    for (const other of others) compare({ first, other, report });
    members.forEach((one, i) => {
      for (const other of members.slice(i + 1)) mustDiffer({ first: one, other, report });
      for (const other of members) if (other !== one) pointsAt({ first: one, other, report });
    });
  }
  if (files.length > 1) alone(routers, report);
}

type Pair = { readonly first: Member; readonly other: Member; readonly report: Report };

/** A difference, shown in both files. */
function differ(
  { first, other, report }: Pair,
  code: Code,
  at: (instance: DeclaredInstance) => Place,
  message: string,
  help: string,
): void {
  const note = noteAt(at(first.instance), `${first.file.path} says otherwise here`);
  report(problem(code, at(other.instance), `${other.instance.name}: ${message}`, help, [note]));
}

function compare(pair: Pair): void {
  const [a, b] = [pair.first.instance, pair.other.instance];
  if (a.version !== b.version)
    differ(
      pair,
      "H0601",
      (i) => i.versionPlace,
      `version ${b.version} here, ${a.version} in ${pair.first.file.path}`,
      "write the same version into both files",
    );
  else ofOneVersion(pair);
  addresses(pair);
  transport(pair);
}

function ofOneVersion(pair: Pair): void {
  const [a, b] = [pair.first.instance, pair.other.instance];
  const there = pair.first.file.path;
  if (a.adverInterval !== b.adverInterval)
    differ(
      pair,
      a.version === 2 ? "H0602" : "H0603",
      (i) => i.intervalPlace,
      `an interval of ${inSeconds(b.adverInterval)} here, ${inSeconds(a.adverInterval)} in ${there}`,
      "write the same advert_int into both files",
    );
  authentication(pair);
  if (a.version === 3 && a.family === "ipv4" && a.v3ChecksumAsV2 !== b.v3ChecksumAsV2)
    differ(
      pair,
      "H0607",
      (i) => i.place,
      `v3_checksum_as_v2 is ${b.v3ChecksumAsV2 ? "on" : "off"} here, ${a.v3ChecksumAsV2 ? "on" : "off"} in ${there}`,
      "write the same v3_checksum_as_v2 into both files",
    );
}

/** Passwords are compared and never shown. */
function authentication(pair: Pair): void {
  const [a, b] = [pair.first.instance.authentication, pair.other.instance.authentication];
  const typeOf = (auth: typeof a): string => (auth === null ? "no authentication" : `auth_type ${auth.type}`);
  const at = (instance: DeclaredInstance): Place => instance.authentication?.place ?? instance.place;
  const there = pair.first.file.path;
  if (a?.type !== b?.type)
    differ(pair, "H0604", at, `${typeOf(b)} here, ${typeOf(a)} in ${there}`, "write the same into both files");
  else if (a !== null && b !== null && a.password !== b.password)
    differ(pair, "H0604", at, `auth_pass differs from that in ${there}`, "write the same password into both files");
}

const textOf = ({ address, prefixLength }: DeclaredAddress): string => `${address}/${prefixLength}`;
const without = (all: readonly DeclaredAddress[], those: readonly DeclaredAddress[]): readonly DeclaredAddress[] => {
  const known = new Set(those.map(({ address }) => address));
  return all.filter(({ address }) => !known.has(address));
};

function addresses(pair: Pair): void {
  const [a, b] = [pair.first.instance, pair.other.instance];
  missing(pair, "H0605", a.addresses, b.addresses);
  missing(pair, "H0615", a.excluded, b.excluded);
  const there = new Map([...a.addresses, ...a.excluded].map((one) => [one.address, one]));
  for (const here of [...b.addresses, ...b.excluded]) {
    const one = there.get(here.address);
    if (one !== undefined && one.prefixLength !== here.prefixLength)
      pair.report(
        problem(
          "H0606",
          here.place,
          `${textOf(here)} here, ${textOf(one)} in ${pair.first.file.path}`,
          "write one form",
          [noteAt(one.place, "the other one")],
        ),
      );
  }
}

/** Addresses that stand in one of the two only: shown where they stand, with the instance that lacks them. */
function missing(
  { first, other, report }: Pair,
  code: Code,
  a: readonly DeclaredAddress[],
  b: readonly DeclaredAddress[],
): void {
  const tell = (those: readonly DeclaredAddress[], lacking: Member): void => {
    for (const { address, place } of those)
      report(
        problem(
          code,
          place,
          `${address} is missing in ${lacking.instance.name} of ${lacking.file.path}`,
          "write it into both files, or into neither",
          [noteAt(lacking.instance.place, "it is missing here")],
        ),
      );
  };
  tell(without(a, b), other);
  tell(without(b, a), first);
}

// ---------------------------------------------------------------- unicast

const transportAt = ({ peers, place }: DeclaredInstance): Place => peers[0]?.place ?? place;

function transport(pair: Pair): void {
  const [a, b] = [pair.first.instance, pair.other.instance];
  if (a.unicast === b.unicast) return;
  const word = (unicast: boolean): string => (unicast ? "unicast" : "multicast");
  differ(
    pair,
    "H0608",
    transportAt,
    `${word(b.unicast)} here, ${word(a.unicast)} in ${pair.first.file.path}`,
    "write unicast_peer into both files, or into neither",
  );
}

/** Whether `first` sends to `other`: to its source address, as far as its file says one. */
function pointsAt({ first, other, report }: Pair): void {
  const [a, b] = [first.instance, other.instance];
  if (!a.unicast || !b.unicast) return;
  const own = a.peers.find(({ address }) => address === a.source);
  if (own !== undefined)
    report(problem("H0616", own.place, `${a.name}: ${own.address} is its own source address`, "remove the line"));
  if (b.source === null || b.source === a.source || a.peers.some(({ address }) => address === b.source)) return;
  report(
    problem(
      "H0609",
      transportAt(a),
      `${a.name}: ${b.source}, the source of ${b.name} in ${other.file.path}, is none of the peers`,
      `add ${b.source} to unicast_peer`,
      [noteAt(b.sourcePlace, "that router sends from here")],
    ),
  );
}

// ---------------------------------------------------------------- what must differ

function mustDiffer(pair: Pair): void {
  const [a, b] = [pair.first.instance, pair.other.instance];
  const there = pair.first.file.path;
  if (a.priority === b.priority)
    differ(
      pair,
      a.priority === 255 ? "H0611" : "H0610",
      (i) => i.priorityPlace,
      `priority ${b.priority} here and in ${there}`,
      a.priority === 255 ? "leave 255 to the router that owns the addresses" : "give one of them a greater priority",
    );
  if (a.source !== null && a.source === b.source)
    differ(
      pair,
      "H0612",
      (i) => i.sourcePlace,
      `source ${b.source} here and in ${there}`,
      "write the address of each router's own interface",
    );
}

// ---------------------------------------------------------------- without a partner

/** Virtual routers of one file only; two of different families on interfaces of one name were meant to be one. */
function alone(routers: readonly VirtualRouter[], report: Report): void {
  const lonely = routers.flatMap(({ members }) => (members.length === 1 ? members : []));
  const told = new Set<Member>();
  for (const one of lonely) {
    if (told.has(one)) continue;
    const twin = lonely.find((other) => areTwins(one, other));
    if (twin !== undefined && !told.has(twin)) {
      told.add(twin);
      differ(
        { first: one, other: twin, report },
        "H0614",
        ({ addresses: [first], place }) => first?.place ?? place,
        `${familyName(twin.instance)} addresses here, ${familyName(one.instance)} ones in ${one.file.path}`,
        "use one family in both files, and another vrrp_instance for the other family",
      );
    } else report(problem("H0613", one.instance.place, `${one.instance.name}: no other file has ${wordsFor(one)}`));
  }
}

const familyName = ({ family }: DeclaredInstance): string => (family === "ipv4" ? "IPv4" : "IPv6");

const areTwins = ({ file, instance: a }: Member, { file: otherFile, instance: b }: Member): boolean =>
  file !== otherFile && a.vrid === b.vrid && a.interface === b.interface && a.family !== b.family;

const wordsFor = ({ instance }: Member): string =>
  `VRID ${instance.vrid} for ${familyName(instance)} beside ${instance.interface ?? "its interface"}`;
