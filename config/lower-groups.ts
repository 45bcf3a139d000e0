// Sync groups and trackers, lowered: members by key, and what a group tracks on each of them (B11.5).

import { type GroupConfig, linkCheck, PRIORITY_OWNER, type RouterConfig, type Track } from "../agent/core/config.ts";
import type { Declaration, DeclaredGlobals, DeclaredGroup, DeclaredTrack, DeclaredTracks } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { hooksOf } from "./lower-hooks.ts";

/** The groups, of the routers that there are. */
export const lowerGroups = (
  groups: Declaration["groups"],
  routers: readonly RouterConfig[],
  globals: DeclaredGlobals,
  report: Report,
): readonly GroupConfig[] =>
  groups.map((declared) => {
    const { name, place, members } = declared;
    const its = members.flatMap((member) => routers.find((router) => router.name === member) ?? []);
    const owners = its.filter(({ basePriority }) => basePriority === PRIORITY_OWNER);
    if (owners.length > 0 && owners.length < its.length)
      report(
        problem(
          "H0221",
          place,
          `sync group ${name}: ${owners.map((owner) => owner.name).join(", ")} with priority 255 would have to be Master at once, and the others wait`,
          "give all members priority 255, or none",
        ),
      );
    return { name, members: its.map(({ key }) => key), hooks: hooksOf(declared, globals) };
  });

/** What an instance tracks, and then what its group does; its own word on the same thing counts. */
export function lowerTracks(own: DeclaredTracks, group: DeclaredGroup | undefined): readonly Track[] {
  const tracks = new Map<string, Track>();
  const all = group === undefined ? tracksOf(own) : [...tracksOf(own), ...tracksOf(group.tracks)];
  if (all.length === 0) return all;
  for (const track of all) if (!tracks.has(track.check)) tracks.set(track.check, track);
  return [...tracks.values()];
}

/** References by the names that the core has for what they refer to. */
export function tracksOf({ interfaces, scripts, files, processes, checks }: DeclaredTracks): readonly Track[] {
  const tracks: Track[] = [];
  const lower = (list: readonly DeclaredTrack[], checkOf: (name: string) => string): void => {
    for (const { name, weight, reverse } of list) tracks.push({ check: checkOf(name), weight, reverse });
  };
  lower(interfaces, linkCheck);
  lower(scripts, (name) => `script/${name}`);
  lower(files, (name) => `file/${name}`);
  lower(processes, (name) => `process/${name}`);
  lower(checks, (name) => `check/${name}`);
  return tracks;
}
