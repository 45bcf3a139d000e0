// Posts the document to a URL. Whoever has the key can tell that it is from us, and when it was sent.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request, type Wanted } from "../web/request.ts";
import type { Deed } from "./deed.ts";
import type { Ending, Running } from "./queue.ts";

/** How much of the answer is read. */
const MOST = 1_024;

/** What is wrong with what we send stays wrong; these ask for another time (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4). */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);
const isHopeless = (status: number): boolean => status >= 300 && status < 500 && !LATER.has(status);

/** HMAC-SHA-256 over the time, a dot and the body: an old message cannot be sent again as a new one. */
export const signatureOf = (key: Uint8Array | string, time: number, body: string): string =>
  createHmac("sha256", key).update(`${time}.${body}`).digest("hex");

type Post = Extract<Deed, { type: "webhook" }>;

export function post(deed: Post, ended: (ending: Ending) => void, now = Date.now): Running {
  const abort = new AbortController();
  const late = setTimeout(() => abort.abort(new Error("no answer in time")), deed.webhook.timeout / 1_000);
  let heard: number | null = null;
  const answered = (status: number): void => {
    heard = status;
  };
  const end = (status: number, output: string, besides = ""): void => {
    const ok = status >= 200 && status < 300;
    ended({ ok, detail: `HTTP ${status}${besides}`, output, hopeless: isHopeless(status) });
  };
  send(deed, { signal: abort.signal, answered }, Math.floor(now() / 1_000))
    .then(
      ({ status, body }) => end(status, body),
      (cause: unknown) => {
        const reason = reasonOf(abort.signal.aborted ? abort.signal.reason : cause);
        // Whoever has answered has been told, and must not be told twice because of what he says besides.
        if (heard === null) ended({ ok: false, detail: reason, output: "" });
        else end(heard, "", `, and then ${reason}`);
      },
    )
    .finally(() => clearTimeout(late));
  const stop = (): void => abort.abort(new Error("ended"));
  return { supersede: () => undefined, stop, kill: stop };
}

type How = Pick<Wanted, "signal" | "answered">;

async function send({ webhook, event, attempt, document }: Post, how: How, time: number) {
  const { url, secretFile, tls } = webhook;
  const text = (path: string | null): string | null => (path === null ? null : readFileSync(path, "utf8"));
  const key = secretFile === null ? null : readFileSync(secretFile, "utf8").trim();
  const headers = [
    { name: "content-type", value: "application/json" },
    { name: "user-agent", value: "heird" },
    { name: "heird-event", value: event },
    { name: "heird-attempt", value: String(attempt) },
    { name: "heird-time", value: String(time) },
    ...(key === null ? [] : [{ name: "heird-signature", value: `sha256=${signatureOf(key, time, document)}` }]),
  ];
  const place = { source: null, ca: text(tls.ca), cert: text(tls.cert), key: text(tls.key), verify: true };
  return request(place, { url, method: "POST", headers, host: null, body: document, maxBody: MOST, ...how });
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
