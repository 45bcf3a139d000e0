// When a change of answers is believed: in vrrp_check, and in vrrp_script beside Keepalived's rise and fall.

import { microseconds, seconds } from "../agent/core/time.ts";
import type { DeclaredHysteresis } from "./declared-checks.ts";
import { problem, type Report } from "./diagnostic.ts";
import { spanIn } from "./forms.ts";
import { entryOf, numberIn, type Section } from "./section.ts";

/** What a section says about it. */
export const hysteresisIn = (section: Section, report: Report): DeclaredHysteresis => ({
  riseMaster: numberIn(section, "rise_master") ?? null,
  fallMaster: numberIn(section, "fall_master") ?? null,
  riseBackup: numberIn(section, "rise_backup") ?? null,
  fallBackup: numberIn(section, "fall_backup") ?? null,
  holdDown: spanIn(section, "hold_down") ?? seconds(0),
  minGood: spanIn(section, "min_good") ?? seconds(0),
  jitter: spanIn(section, "jitter") ?? seconds(0),
  flapPenalty: flapPenalty(entryOf(section, "flap_penalty")?.section ?? null, report),
});

/** RFC 2439 has the idea: what flaps earns a penalty that is forgotten by halves. */
function flapPenalty(section: Section | null, report: Report): DeclaredHysteresis["flapPenalty"] {
  if (section === null) return null;
  const number = (name: string, fallback: number) => numberIn(section, name) ?? fallback;
  const suppress = number("suppress", 2_000);
  const reuse = number("reuse", 750);
  if (reuse >= suppress)
    report(
      problem(
        "H0127",
        section.place,
        `flap_penalty: reuse ${reuse} is not below suppress ${suppress}, so it would end as it begins`,
        "write a reuse below suppress",
      ),
    );
  const halfLife = spanIn(section, "half_life") ?? seconds(60);
  return {
    perFlap: number("per_flap", 1_000),
    suppress,
    reuse,
    halfLife,
    maxSuppress: spanIn(section, "max_suppress") ?? microseconds(4 * halfLife),
  };
}
