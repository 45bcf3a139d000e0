// Intervals on the wire, and when addresses are announced.

import { centiseconds, type Duration, seconds } from "../agent/core/time.ts";
import type { DeclaredAnnounce, DeclaredGlobals } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { announceIn } from "./globals.ts";
import { entryOf, numberIn, type Section } from "./section.ts";
import { placeOf } from "./syntax.ts";

/** RFC 3768 §5.3.7: whole seconds. RFC 5798 §5.2.7: 12 bits of centiseconds. */
export function adverIntervalOf(section: Section, version: 2 | 3, report: Report): Duration {
  const said = numberIn(section, "advert_int");
  const word = entryOf(section, "advert_int")?.args[0];
  if (said === undefined || word === undefined) return seconds(1);
  const exact = version === 2 ? Math.max(1, Math.floor(said + 0.5)) : Math.min(4095, Math.round(said * 100)) / 100;
  if (exact !== said) {
    const why =
      version === 2
        ? "VRRPv2 counts whole seconds"
        : said > 40.95
          ? "VRRPv3 has at most 40.95 s"
          : "VRRPv3 counts hundredths of a second";
    report(
      problem(
        "H0106",
        placeOf(word),
        `advert_int ${word.text} becomes ${exact}: ${why}`,
        version === 2 && said < 1
          ? `write advert_int ${exact}; below a second needs version 3, here and in all its neighbours`
          : `write ${exact}`,
      ),
    );
  }
  return version === 2 ? seconds(exact) : centiseconds(Math.round(exact * 100));
}

/** When and how often this instance announces its addresses. */
export function announceOf(
  section: Section,
  globals: DeclaredGlobals,
  strict: boolean,
  report: Report,
): DeclaredAnnounce {
  const general = generalAnnounce(globals, strict);
  const said = { ...general, ...globals.announce, ...announceIn(section, "") };
  for (const name of ["garp_master_repeat", "garp_master_refresh_repeat"]) {
    const at = entryOf(section, name);
    if (at?.value === 0)
      report(
        problem("H0405", at.place, `${name} 0 becomes 1: a block of announcements has at least one`, `write ${name} 1`),
      );
  }
  return { ...said, masterRepeat: Math.max(1, said.masterRepeat), refreshRepeat: Math.max(1, said.refreshRepeat) };
}

/** What holds where nothing is said. For a weaker Master that is the global value, not the instance's own, as in Keepalived. */
function generalAnnounce({ announce, minGarp }: DeclaredGlobals, strict: boolean): DeclaredAnnounce {
  const masterDelay = minGarp ? 0 : 5;
  const masterRepeat = minGarp ? 1 : 5;
  return {
    masterDelay,
    masterRepeat,
    refresh: 0,
    refreshRepeat: 1,
    lowerPriorityDelay: strict ? 0 : (announce.masterDelay ?? masterDelay),
    lowerPriorityRepeat: strict ? 0 : (announce.masterRepeat ?? masterRepeat),
  };
}
