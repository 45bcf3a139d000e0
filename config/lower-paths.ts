// The routes and rules of every instance and of the statics, in the order of the file, which gives
// rules without a preference one.

import type { Family } from "../agent/core/address.ts";
import type { OnLoss, Path } from "../agent/core/path.ts";
import type { DeclaredLine } from "./declaration.ts";
import { familyOfLine, lowerRoute, lowerRule, type PathContext, saysPreference } from "./lower-routes.ts";

/** Where Keepalived begins to give preferences; each next rule comes before the last one. */
const FIRST_PREFERENCE = 16_384;

type Lines = {
  readonly routes: readonly DeclaredLine[];
  readonly rules: readonly DeclaredLine[];
  readonly onLoss: OnLoss;
};

/** Gives what lowers the lines of one block after the other: routes first, then rules. */
export function pathLowering(context: Omit<PathContext, "onLoss">): (lines: Lines) => readonly Path[] {
  const next: Record<Family, number> = { ipv4: FIRST_PREFERENCE, ipv6: FIRST_PREFERENCE };
  return ({ routes, rules, onLoss }) => {
    if (routes.length === 0 && rules.length === 0) return [];
    const given = { ...context, onLoss };
    return [
      ...routes.flatMap((line) => lowerRoute(line, given) ?? []),
      ...rules.flatMap((line) => {
        const family = familyOfLine(line);
        const preference = next[family];
        if (!saysPreference(line)) next[family] -= 1;
        return lowerRule(line, preference, given) ?? [];
      }),
    ];
  };
}
