// A number: from a file, a page or a program. Good while there is one; what it means is the fold's business.

import { map, type Observable } from "rxjs";
import type { Answer, CheckConfig, MetricQuestion } from "../agent/core/check.ts";
import { request } from "../agent/web/request.ts";
import { bad, good, type Probe, promised } from "./check.ts";
import { textOf } from "./contents.ts";
import { placeOf } from "./http.ts";
import { valueAt } from "./page.ts";
import { launch } from "./program.ts";
import { answerOf } from "./script.ts";

const MOST = 65_536;
const PLAIN = { ca: null, cert: null, key: null, verify: true };

export const metric =
  (check: CheckConfig, { number, pointer }: MetricQuestion): Probe =>
  (): Observable<Answer> => {
    switch (number.kind) {
      case "file":
        return promised(async () => numberIn(await textOf(number.path, MOST), pointer));
      case "script":
        return launch(number.program, check.timeout / 1_000).pipe(
          map((ended) => {
            const said = answerOf(check, ended);
            return said.ok ? { ...said, ...numberIn(ended.head, pointer), exit: said.exit } : said;
          }),
        );
      case "url":
        return promised(async (signal) => {
          const place = await placeOf(PLAIN, check.source);
          const asking = { method: "GET", headers: [], host: null, body: null, maxBody: MOST, answered: null, signal };
          const { status, body } = await request(place, { url: number.url, ...asking });
          return status >= 200 && status <= 299 ? numberIn(body, pointer) : bad(`HTTP ${status}`);
        });
    }
  };

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;

/** The number that a text is, or that a JSON document has where the pointer says. */
export function numberIn(text: string, pointer: string | null): Answer {
  const found = pointer === null ? { ok: true as const, value: text.trim() } : valueAt(text, pointer);
  const output = { output: text.slice(0, 256) };
  if (!found.ok) return bad(found.error, output);
  const { value } = found;
  const number = typeof value === "string" && NUMBER.test(value.trim()) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number))
    return bad(pointer === null ? "what was read is no number" : `there is no number at ${pointer}`, output);
  return good("a number", { value: number });
}
