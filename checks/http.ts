// Up while a page is there and says what it must. A redirection is an answer, and not followed.

import type { Answer, CheckConfig, HttpQuestion, Tls } from "../agent/core/check.ts";
import { type Connection, openConnection, type Place, type Reply, request } from "../agent/web/request.ts";
import { bad, good, type Probe, promised } from "./check.ts";
import { textOf } from "./contents.ts";
import { missingIn } from "./page.ts";

const DAY = 86_400_000;
const EXCERPT = 1_024;

export function http(check: CheckConfig, question: HttpQuestion): Probe {
  const { url, method, headers, host, maxBody, keepAlive } = question;
  const wanted = { url, method, headers, host, maxBody, body: null, answered: null };
  if (!keepAlive)
    return () =>
      promised(async (signal) =>
        judge(question, await request(await placeOf(question.tls, check.source), { ...wanted, signal })),
      );
  let kept: Connection | null = null;
  return () =>
    promised(async (signal) => {
      kept ??= openConnection(await placeOf(question.tls, check.source), new URL(url).origin);
      try {
        return judge(question, await kept.ask({ ...wanted, signal }));
      } catch (cause) {
        // The next one begins anew, also with new certificates.
        kept.close();
        kept = null;
        throw cause;
      }
    });
}

/** Read for each connection: certificates are renewed under their old names. */
export async function placeOf({ ca, cert, key, verify }: Tls, source: string | null): Promise<Place> {
  const [authority, own, secret] = await Promise.all([ca, cert, key].map((path) => (path === null ? null : pem(path))));
  return { source, ca: authority ?? null, cert: own ?? null, key: secret ?? null, verify };
}

/** More than every authority of a system takes. */
const MOST = 4_194_304;
const pem = (path: string): Promise<string> => textOf(path, MOST);

function judge({ status, bodies, expiry }: HttpQuestion, reply: Reply): Answer {
  const said = `HTTP ${reply.status}`;
  const output = { output: reply.body.slice(0, EXCERPT) };
  if (!status.some(({ from, to }) => from <= reply.status && reply.status <= to)) return bad(said, output);
  const missing = missingIn(reply.body, bodies);
  if (missing !== null)
    return bad(`${said}, but ${missing}${reply.truncated ? " in what max_body lets in" : ""}`, output);
  const ends = reply.certificateEnds;
  if (expiry !== null && ends !== null && ends < Date.now() + expiry * DAY)
    return bad(`${said}, but the certificate runs out within ${expiry} days: ${new Date(ends).toISOString()}`);
  return good(said);
}
