// Who becomes Master, by the files alone: now, with every check in order, and after each tracked
// thing has failed on that router and nowhere else. B10 of the protocol notes is the arithmetic.

import { compareAddresses } from "../agent/core/address.ts";
import type { Member, VirtualRouter } from "./cluster.ts";
import type { DeclaredInstance, DeclaredTrack, DeclaredTracks } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import type { Place } from "./source.ts";

/** A router with the priority it is elected by; null is FAULT. */
export type Contender = { readonly member: Member; readonly priority: number | null };

export type Failure = {
  /** `interface eth0`, `script chk`. */
  readonly what: string;
  /** What the Master's priority falls to; null is FAULT. */
  readonly priority: number | null;
  /** Who is Master then; null when nobody is left. */
  readonly winner: Contender | null;
  readonly moves: boolean;
};

export type Election = {
  readonly router: VirtualRouter;
  /** Null when every router is in FAULT from the start. */
  readonly winner: Contender | null;
  /** Whether equal priorities leave it to addresses that the files do not tell. */
  readonly tied: boolean;
  readonly failures: readonly Failure[];
};

/** The elections of a cluster: what takes one member of a sync group away takes the others with it. */
export function electionsOf(routers: readonly VirtualRouter[], report: Report): readonly Election[] {
  const alone = routers.map((router) => electionOf(router, report));
  return alone.map((election) => {
    const carried = carriedAway(election, alone);
    const stays = election.failures.filter(({ what, moves }) => moves || carried.every((one) => one.what !== what));
    return { ...election, failures: [...stays, ...carried] };
  });
}

/** What moves a sibling by its weight, and so this router, to wherever the sibling goes. FAULT is told of already. */
function carriedAway({ router, winner, failures }: Election, all: readonly Election[]): readonly Failure[] {
  const group = winner?.member.instance.group ?? null;
  if (winner === null || group === null) return [];
  const { file, instance } = winner.member;
  const siblings = all.filter(({ winner: other }) => {
    const member = other?.member;
    return member?.file === file && member.instance !== instance && member.instance.group === group;
  });
  const known = new Set(failures.flatMap(({ what, moves }) => (moves ? [what] : [])));
  const carried = new Map<string, Failure>();
  for (const { what, priority, winner: next, moves } of siblings.flatMap((one) => one.failures)) {
    const member = router.members.find((one) => one.file === next?.member.file);
    if (!moves || priority === null || member === undefined || known.has(what)) continue;
    carried.set(what, {
      what,
      priority: winner.priority,
      winner: { member, priority: priorityOf(member, null) },
      moves,
    });
  }
  return [...carried.values()];
}

/** Elects, and reports every check of the Master that can never cause a failover. */
export function electionOf(router: VirtualRouter, report: Report): Election {
  const contenders = router.members.map((member): Contender => ({ member, priority: priorityOf(member, null) }));
  const winner = best(contenders);
  if (winner === null) return { router, winner, tied: false, failures: [] };
  const others = contenders.filter((one) => one !== winner);
  const failures = thingsOf(winner.member).map((thing) => failureOf(winner, others, thing));
  if (others.length > 0)
    for (const [i, thing] of thingsOf(winner.member).entries()) {
      const failure = failures[i];
      // What a file will say nobody knows: a number that is low enough is FAULT.
      if (failure !== undefined && !failure.moves && thing.kind !== "files")
        useless({ winner, others, thing, failure }, report);
    }
  return { router, winner, tied: others.some((other) => isTie(winner, other)), failures };
}

const rankOf = ({ priority }: Contender): number => priority ?? -1;

/** RFC 5798 §6.4.3: the greater priority, then the greater primary address, as far as the files say it. */
function best(contenders: readonly Contender[]): Contender | null {
  const able = contenders.filter(({ priority }) => priority !== null);
  const [first] = able.toSorted((a, b) => rankOf(b) - rankOf(a) || -compareSources(a, b));
  return first ?? null;
}

function compareSources(a: Contender, b: Contender): number {
  const [x, y] = [a.member.instance.source, b.member.instance.source];
  return x === null || y === null ? 0 : compareAddresses(x, y);
}

const isTie = (a: Contender, b: Contender): boolean => a.priority === b.priority && compareSources(a, b) === 0;

function failureOf(winner: Contender, others: readonly Contender[], thing: Thing): Failure {
  const priority = priorityOf(winner.member, thing);
  const takers = priority === null ? others : others.filter((other) => takesOver(other, priority));
  const next = best(takers);
  if (priority !== null && next === null)
    return { what: thing.what, priority, winner: { ...winner, priority }, moves: false };
  return { what: thing.what, priority, winner: next, moves: true };
}

/** A Backup takes over from a Master that is weaker than itself; with nopreempt from no living one. */
const takesOver = ({ member: { instance }, priority }: Contender, masters: number): boolean =>
  priority !== null && priority > masters && (instance.preempt || instance.priority === 255);

// ---------------------------------------------------------------- the arithmetic

/** One tracked thing, as an instance is touched by it. */
type Thing = { readonly kind: Kind; readonly name: string; readonly what: string; readonly track: DeclaredTrack };
type Kind = keyof DeclaredTracks;

/** For people: `script`. The kinds are the lists of DeclaredTracks, whichever there are. */
const wordFor = (kind: Kind): string => (kind === "processes" ? "process" : kind.slice(0, -1));

const thing = (kind: Kind, track: DeclaredTrack): Thing => ({
  kind,
  name: track.name,
  what: `${wordFor(kind)} ${track.name}`,
  track,
});

/** What moves an instance: its own interface, its trackers, those of its group, and what takes a sibling into FAULT. */
function thingsOf({ file: { declaration }, instance }: Member): readonly Thing[] {
  const group = declaration.groups.find(({ name }) => name === instance.group);
  const siblings = declaration.instances.filter((one) => one !== instance && group?.members.includes(one.name));
  const all = [
    ...ownInterface(instance),
    ...tracked(instance.tracks),
    ...(group === undefined ? [] : tracked(group.tracks)),
    ...siblings.flatMap((one) => [...ownInterface(one), ...tracked(one.tracks).filter((t) => t.track.weight === 0)]),
  ];
  const first = new Map<string, Thing>();
  for (const one of all) if (!first.has(one.what)) first.set(one.what, one);
  return [...first.values()];
}

const tracked = (tracks: DeclaredTracks): readonly Thing[] =>
  (Object.keys(tracks) as Kind[]).flatMap((kind) => tracks[kind].map((track) => thing(kind, track)));

function ownInterface({ interface: name, dontTrackPrimary, interfacePlace }: DeclaredInstance): readonly Thing[] {
  if (name === null || dontTrackPrimary) return [];
  return [thing("interfaces", { name, weight: 0, reverse: false, place: interfacePlace })];
}

/** The priority with every thing in order but one; null is FAULT. */
function priorityOf(member: Member, failing: Thing | null): number | null {
  let sum = member.instance.priority;
  for (const one of thingsOf(member)) {
    const share = contribution(one, one.what === failing?.what);
    if (share === null) return null;
    sum += share;
  }
  // An owner is never weaker than an owner; nobody else becomes one.
  return member.instance.priority === 255 ? 255 : Math.min(254, Math.max(1, sum));
}

/** What a thing adds to the priority; null is FAULT. A file that fails is taken to say 1. */
function contribution({ kind, track: { weight, reverse } }: Thing, bad: boolean): number | null {
  if (weight === 0) return bad !== reverse ? null : 0;
  const sign = reverse ? -1 : 1;
  if (kind === "files") return bad ? ofFile(sign * weight) : 0;
  if (weight > 0) return bad ? 0 : sign * weight;
  return bad ? sign * weight : 0;
}

const ofFile = (weighted: number): number | null => (weighted <= -254 ? null : Math.min(253, weighted));

// ---------------------------------------------------------------- a check for nothing

type Useless = {
  readonly winner: Contender;
  readonly others: readonly Contender[];
  readonly thing: Thing;
  readonly failure: Failure;
};

function useless({ winner, others, thing: { name, track }, failure }: Useless, report: Report): void {
  const { instance, file } = winner.member;
  // An owner's weights are told of by the file alone.
  if (instance.priority === 255) return;
  const now = failure.priority ?? 0;
  const blocked = best(others.filter(({ priority }) => priority !== null && priority > now));
  const next = blocked ?? best(others);
  if (next === null) return;
  const rival = next.member;
  const notes = [noteAt(placeOfPriority(rival), `the priority of ${rival.instance.name} in ${rival.file.path}`)];
  const falls = `${winner.priority} becomes ${now}`;
  report(
    blocked !== null
      ? problem(
          "H0311",
          track.place,
          `${name}: this check can never cause a failover: ${falls}, and ${rival.file.path} has ${next.priority}, but with nopreempt`,
          `remove nopreempt from ${rival.instance.name} in ${rival.file.path}, or write weight 0, which goes through FAULT`,
          notes,
        )
      : problem(
          "H0311",
          track.place,
          `${name}: this check can never cause a failover: ${falls}, and ${rival.file.path} has no more than ${next.priority}`,
          remedy(winner, next, track, file.path),
          notes,
        ),
  );
}

const placeOfPriority = ({ instance }: Member): Place => instance.priorityPlace;

/** A weight that reaches below the next router, or the way through FAULT. */
function remedy(winner: Contender, next: Contender, { weight }: DeclaredTrack, path: string): string {
  const wanted = (winner.priority ?? 0) - (next.priority ?? 0) + 1;
  if (weight > 0) return `lower the priority in ${path}, or write weight 0, which goes through FAULT`;
  return wanted > 253 ? "write weight 0, which goes through FAULT" : `write weight -${wanted} or less, or weight 0`;
}
