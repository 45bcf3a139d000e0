// One HTTP request over a connection of its own, measured; for checks, and for hooks that are URLs.
//
// undici is loaded with the first request, because most daemons never make one. Names are looked up
// by lookup.ts: getaddrinfo would take one of the few threads that also write the log.

import { lookupIn } from "./lookup.ts";

/** How the other end is reached, and trusted. */
export type Place = {
  /** The address that connections come from; null for the system's choice. */
  readonly source: string | null;
  /** PEM; null for the system's authorities, and for no certificate of our own. */
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
  /** Whether the certificate must be valid. */
  readonly verify: boolean;
};

export type Wanted = {
  /** http or https. */
  readonly url: string;
  readonly method: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The name in Host and SNI instead of the URL's; null for that. */
  readonly host: string | null;
  readonly body: string | null;
  /** How many bytes of the answer are read; the connection is closed behind them. */
  readonly maxBody: number;
  /** Told when the head of the answer is there, whatever becomes of the rest; null for nobody. */
  readonly answered: ((status: number) => void) | null;
  /** Ends it, whatever it waits for. */
  readonly signal: AbortSignal;
};

export type Reply = {
  readonly status: number;
  /** By lower-case name; several of one name are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether there was more than `maxBody`. */
  readonly truncated: boolean;
  /** In ms from the beginning: until the connection stood (null when an old one was used), the head was there, the body was read. */
  readonly connected: number | null;
  readonly answered: number;
  readonly took: number;
  /** When the certificate runs out, in ms since 1970; null without TLS. */
  readonly certificateEnds: number | null;
};

export type Connection = {
  readonly ask: (wanted: Wanted) => Promise<Reply>;
  readonly close: () => void;
};

/** Loads what requests are made with, which takes longer than a request may. */
export async function prepareRequests(): Promise<void> {
  await import("undici");
}

/** No proxy, no redirect, no cookie: an answer is what this server said. */
export async function request(place: Place, wanted: Wanted): Promise<Reply> {
  const connection = openConnection(place, new URL(wanted.url).origin);
  try {
    return await connection.ask(wanted);
  } finally {
    connection.close();
  }
}

/** A connection that is kept between requests; it is made when the first one needs it, and again when it broke. */
export function openConnection(place: Place, origin: string): Connection {
  let client: Promise<Client> | null = null;
  const made: Made = { connected: null, certificateEnds: null };
  return {
    ask: async (wanted) => {
      client ??= openClient(place, origin, made);
      return ask(await client, made, wanted);
    },
    close: () => void client?.then((opened) => opened.destroy()).catch(() => undefined),
  };
}

type Client = import("undici").Client;
/** What the connector saw, which undici does not tell with the answer. */
type Made = { connected: number | null; certificateEnds: number | null };

async function openClient(place: Place, origin: string, made: Made): Promise<Client> {
  const { Client, buildConnector } = await import("undici");
  const connect = buildConnector({
    allowH2: false,
    lookup: lookupIn,
    rejectUnauthorized: place.verify,
    // Whoever asks has a timeout of its own.
    timeout: 0,
    ...(place.ca === null ? {} : { ca: place.ca }),
    ...(place.cert === null ? {} : { cert: place.cert }),
    ...(place.key === null ? {} : { key: place.key }),
  });
  return new Client(origin, {
    pipelining: 1,
    ...(place.source === null ? {} : { localAddress: place.source }),
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16_384,
    connect: (options, done) =>
      connect(options, (...result) => {
        const [error, socket] = result;
        if (error === null) {
          made.connected = performance.now();
          made.certificateEnds = "getPeerCertificate" in socket ? endOf(socket.getPeerCertificate().valid_to) : null;
        }
        done(...result);
      }),
  });
}

function endOf(date: string | undefined): number | null {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? null : at;
}

async function ask(client: Client, made: Made, wanted: Wanted): Promise<Reply> {
  const began = performance.now();
  const { pathname, search } = new URL(wanted.url);
  const headers: string[] = wanted.headers.flatMap(({ name, value }) => [name, value]);
  if (wanted.host !== null) headers.push("host", wanted.host);
  const {
    statusCode,
    headers: told,
    body,
  } = await client.request({
    path: pathname + search,
    // The union of the type knows the common ones; the configuration has checked that it is a token.
    method: wanted.method as "GET",
    headers,
    body: wanted.body,
    signal: wanted.signal,
  });
  const answered = performance.now() - began;
  wanted.answered?.(statusCode);
  const { text, truncated } = await readBody(body, wanted.maxBody);
  const { connected, certificateEnds } = made;
  return {
    status: statusCode,
    headers: Object.fromEntries(
      Object.entries(told).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
    ),
    body: text,
    truncated,
    connected: connected !== null && connected >= began ? connected - began : null,
    answered,
    took: performance.now() - began,
    certificateEnds,
  };
}

/** As much of it as is wanted. To leave the loop early closes the connection: a body without end ends here. */
async function readBody(body: AsyncIterable<Uint8Array>, most: number): Promise<{ text: string; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > most) break;
  }
  return { text: Buffer.concat(chunks).subarray(0, most).toString("utf8"), truncated: length > most };
}
