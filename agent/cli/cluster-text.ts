// Who becomes Master in a cluster, as a table and as a document.

import type { Contender, Election, Failure } from "../../config/winner.ts";
import { table } from "./table.ts";

const PARTNERS = 2;

/** Virtual routers that at least two files have: with one there is nobody to take over. */
export const contested = (elections: readonly Election[]): readonly Election[] =>
  elections.filter(({ router }) => router.members.length >= PARTNERS);

/** A row for each tracked thing: who is Master now, what fails there, who is Master then. */
export function clusterText(elections: readonly Election[]): string {
  const heading = ["Instance", "ID", "Fam", "Master now", "When this fails there", "Priority", "Master then"];
  return table(heading, contested(elections).flatMap(rowsOf));
}

function rowsOf({ router, winner, tied, failures }: Election): readonly (readonly string[])[] {
  const name = (winner?.member ?? router.members[0])?.instance.name ?? "";
  const head = [name, String(router.vrid), router.family === "ipv4" ? "v4" : "v6", nowText(winner, tied)];
  if (failures.length === 0) return [[...head, "-", "-", "-"]];
  return failures.map((failure, i) => [...(i === 0 ? head : ["", "", "", ""]), ...failureRow(failure)]);
}

const nowText = (winner: Contender | null, tied: boolean): string => {
  if (winner === null) return "nobody";
  return tied ? `the greater address of equals (${winner.priority})` : contenderText(winner);
};

const contenderText = ({ member, priority }: Contender): string => `${member.file.path} (${priority})`;

function failureRow({ what, priority, winner, moves }: Failure): readonly string[] {
  const then = winner === null ? "nobody" : moves ? contenderText(winner) : "no change";
  return [what, priority === null ? "FAULT" : String(priority), then];
}

/** The same for programs. */
export const clusterDocument = (elections: readonly Election[]) =>
  elections.map(({ router, winner, tied, failures }) => ({
    vrid: router.vrid,
    family: router.family,
    members: router.members.map(({ file, instance }) => ({
      file: file.path,
      name: instance.name,
      interface: instance.interface,
      priority: instance.priority,
      preempt: instance.preempt,
    })),
    winner: contenderDocument(winner),
    tied,
    failures: failures.map(({ what, priority, winner: then, moves }) => ({
      what,
      priority,
      winner: contenderDocument(then),
      moves,
    })),
  }));

const contenderDocument = (one: Contender | null) =>
  one === null ? null : { file: one.member.file.path, name: one.member.instance.name, priority: one.priority };
