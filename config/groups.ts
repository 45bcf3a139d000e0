// vrrp_sync_group: instances that change together.

import type { DeclaredGlobals, DeclaredGroup } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";
import { hooksIn } from "./hooks.ts";
import { closest } from "./near.ts";
import { named } from "./objects.ts";
import { boolIn, has, linesIn, type Section } from "./section.ts";
import { hookExtrasIn } from "./services.ts";
import { placeOf, type Word } from "./syntax.ts";
import { nameLines, type TrackKinds, tracksIn } from "./tracks.ts";

/** The groups and their members, of which each instance is in one at most. */
export function declareGroups(
  root: Section,
  { kinds, globals }: { readonly kinds: TrackKinds; readonly globals: DeclaredGlobals },
  instances: readonly string[],
  report: Report,
): readonly DeclaredGroup[] {
  const known = new Set(instances);
  const taken = new Map<string, { group: string; word: Word }>();
  return named(root, "vrrp_sync_group", report).flatMap((section) => {
    const names = nameLines(linesIn(section, "group"));
    const members = names.flatMap((word) => {
      const before = taken.get(word.text);
      if (!known.has(word.text)) report(unknownMember(word, instances, section.label));
      else if (before !== undefined)
        report(
          problem(
            "H0206",
            placeOf(word),
            `${word.text} is in ${before.group === section.label ? "this group twice" : `the sync groups ${before.group} and ${section.label}`}`,
            "remove it from one of them",
            [noteAt(placeOf(before.word), "the other one")],
          ),
        );
      else {
        taken.set(word.text, { group: section.label, word });
        return [word.text];
      }
      return [];
    });
    if (names.length === 0)
      report(
        problem(
          "H0208",
          section.place,
          `sync group ${section.label} has no members`,
          "write group { and the names of instances into it",
        ),
      );
    else if (members.length === 1)
      report(
        problem(
          "H0207",
          section.place,
          `sync group ${section.label} has one member, ${members[0]}`,
          "add the others, or remove the group",
        ),
      );
    const group: DeclaredGroup = {
      name: section.label,
      place: section.place,
      members,
      tracks: tracksIn(section, kinds, report),
      hooks: hooksIn(section),
      smtpAlert: boolIn(section, "smtp_alert") ?? globals.smtpAlert,
      trackingWeight: has(section, "sync_group_tracking_weight"),
      ...hookExtrasIn(section, globals.hookPolicy, report),
    };
    return members.length === 0 ? [] : [group];
  });
}

/** What is missing from one list goes from it, or is written, together. */
function unknownMember(word: Word, instances: readonly string[], group: string) {
  const near = closest(word.text, instances);
  return problem(
    "H0201",
    placeOf(word),
    `vrrp_instance "${word.text}" is defined nowhere`,
    near === undefined ? "write the name of a vrrp_instance" : `did you mean ${near}?`,
    [],
    near === undefined ? `members of ${group}` : `H0201 ${word.text}`,
  );
}
