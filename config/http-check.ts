// What an http check asks, and what makes the answer good.

import type { DeclaredBody, DeclaredProbe } from "./declared-checks.ts";
import { problem, type Report } from "./diagnostic.ts";
import { linesWith, pointerOf, regexOf, statusRange, tlsIn, urlOf } from "./forms.ts";
import { entryOf, has, numberIn, type Section, textIn } from "./section.ts";
import { placeOf, type Word } from "./syntax.ts";

const METHOD = /^[A-Z]+$/;
/** RFC 9110 §5.6.2: a token. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Undefined when the URL is none, which is reported. */
export function httpProbe(section: Section, url: Word, report: Report): DeclaredProbe | undefined {
  const checked = urlOf(url, "http", ["http", "https"], report);
  const status = linesWith(section, "expect_status").flatMap((words) =>
    words.flatMap((word) => statusRange(word, report)),
  );
  const bodies = bodiesIn(section, report);
  const headers = headersIn(section, report);
  const method = methodOf(section, report);
  if (checked === undefined) return undefined;
  plainUrl(section, checked, report);
  return {
    kind: "http",
    url: checked,
    method,
    headers,
    host: textIn(section, "host") ?? null,
    status: status.length === 0 ? [{ from: 200, to: 299 }] : status,
    bodies,
    maxBody: numberIn(section, "max_body") ?? 65_536,
    keepAlive: has(section, "keep_alive"),
    ...tlsIn(section, "", report),
    verify: !has(section, "insecure"),
    expiry: numberIn(section, "expiry") ?? null,
  };
}

function methodOf(section: Section, report: Report): string {
  const word = entryOf(section, "method")?.args[0];
  if (word !== undefined && !METHOD.test(word.text))
    report(problem("H0124", placeOf(word), `method: "${word.text}" is no method`, `write ${word.text.toUpperCase()}`));
  return word?.text ?? "GET";
}

const headersIn = (section: Section, report: Report) =>
  linesWith(section, "header").flatMap(([name, value]) => {
    if (name === undefined || value === undefined) return [];
    // An instance name in a header must not become a second header.
    if (TOKEN.test(name.text) && !/[\r\n\0]/.test(value.text)) return [{ name: name.text, value: value.text }];
    const help = name.text.endsWith(":") ? `write header ${name.text.slice(0, -1)} "…"` : "write header NAME VALUE";
    report(problem("H0124", placeOf(name), `header: "${name.text}" is no name of a header`, help));
    return [];
  });

function bodiesIn(section: Section, report: Report): readonly DeclaredBody[] {
  const text = textIn(section, "expect_body");
  const regex = entryOf(section, "expect_regex")?.args[0];
  const source = regex === undefined ? undefined : regexOf(regex, report);
  const json = linesWith(section, "expect_json").flatMap(([pointer, value]): DeclaredBody[] => {
    const checked = pointer === undefined ? undefined : pointerOf(pointer, report);
    return checked === undefined || value === undefined ? [] : [{ kind: "json", pointer: checked, value: value.text }];
  });
  return [
    ...(text === undefined ? [] : [{ kind: "text", text } as const]),
    ...(source === undefined ? [] : [{ kind: "regex", source } as const]),
    ...json,
  ];
}

/** Words about certificates have no meaning where there are none. */
function plainUrl(section: Section, url: string, report: Report): void {
  if (/^https:/i.test(url)) return;
  for (const name of ["ca", "cert", "key", "insecure", "expiry"]) {
    const entry = entryOf(section, name);
    if (entry !== undefined)
      report(
        problem(
          "H0127",
          entry.place,
          `${name} is about certificates, and ${url} has none`,
          "write https:// in the URL",
        ),
      );
  }
}
