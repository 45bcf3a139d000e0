// The password of VRRPv2.

import type { DeclaredInstance } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { closest } from "./near.ts";
import { entryOf, type Section, textIn } from "./section.ts";
import { placeOf } from "./syntax.ts";

/** RFC 2338 §5.3.10: eight octets. */
const PASSWORD_BYTES = 8;

/** What authentication { } says; null when there is none, or where it has no effect, which is told. */
export function authenticationOf(
  section: Section,
  version: 2 | 3,
  strict: boolean,
  report: Report,
): DeclaredInstance["authentication"] {
  const at = entryOf(section, "authentication");
  const inner = at?.section;
  if (at === undefined || inner === undefined || inner === null) return null;
  const type = typeOf(inner, report);
  const typeAt = entryOf(inner, "auth_type");
  const passwordAt = entryOf(inner, "auth_pass");
  const password = passwordOf(inner, report);
  if (typeAt === undefined) {
    if (passwordAt !== undefined)
      report(
        problem(
          "H0114",
          passwordAt.place,
          "auth_pass without auth_type: Keepalived runs without a password",
          "write auth_type PASS in front of it",
        ),
      );
    return null;
  }
  if (type === null) return null;
  if (passwordAt === undefined)
    report(
      problem(
        "H0114",
        typeAt.place,
        `auth_type ${type} without auth_pass: Keepalived runs without a password`,
        "write auth_pass and a password of at most 8 bytes on a line of its own",
      ),
    );
  if (password === null) return null;
  if (version === 3) {
    report(
      problem(
        "H0405",
        at.place,
        "VRRPv3 has no authentication (RFC 5798 §9): the password is ignored",
        "remove the block, or write version 2",
      ),
    );
    return null;
  }
  if (strict) {
    report(
      problem(
        "H0405",
        at.place,
        "strict mode has no authentication (RFC 3768 §10): the password is ignored",
        "remove the block, or strict mode",
      ),
    );
    return null;
  }
  return { type, password, place: at.place };
}

function typeOf(section: Section, report: Report): "PASS" | "AH" | null {
  const type = textIn(section, "auth_type");
  if (type === undefined || type === "PASS" || type === "AH") return type ?? null;
  const word = entryOf(section, "auth_type")?.args[0];
  const near = closest(type.replace(/\W/g, "").toLowerCase(), ["pass", "ah"]);
  if (word !== undefined)
    report(
      problem(
        "H0105",
        placeOf(word),
        `auth_type ${type} is not one of PASS, AH`,
        near === undefined ? null : `write ${near.toUpperCase()}`,
      ),
    );
  return null;
}

function passwordOf(section: Section, report: Report): string | null {
  const password = textIn(section, "auth_pass");
  const word = entryOf(section, "auth_pass")?.args[0];
  if (password === undefined || word === undefined) return null;
  const bytes = new TextEncoder().encode(password);
  if (bytes.length <= PASSWORD_BYTES) return password;
  report(
    problem(
      "H0107",
      placeOf(word),
      `auth_pass has ${bytes.length} bytes; the first 8 count`,
      "write 8 bytes on every router of the virtual router",
    ),
  );
  return cutAt(password, PASSWORD_BYTES);
}

/** The characters that have a part in the bytes that count: what is sent is cut at a byte, as Keepalived cuts it. */
function cutAt(text: string, limit: number): string {
  const encoder = new TextEncoder();
  let cut = "";
  let bytes = 0;
  for (const c of text) {
    if (bytes >= limit) break;
    bytes += encoder.encode(c).length;
    cut += c;
  }
  return cut;
}
