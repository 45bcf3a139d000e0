// Figures and probes over HTTP, for whoever is let: GET and HEAD, one request a connection, few connections,
// little patience. Who asks is told nothing that he could change, and nothing waits for who does not read.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What is answered; a text in pieces is sent a piece at a time. */
export type Page = { readonly status: 200 | 404 | 503; readonly type: string; readonly pieces: readonly string[] };

/** Answers a path and what is asked behind it; null for a path that is none. */
export type Pages = (path: string, query: URLSearchParams) => Promise<Page | null>;

const CONNECTIONS = 16;
/** How long somebody may take to ask, and may keep us waiting, in ms. */
const PATIENCE = 5_000;
const LONGEST_HEAD = 8_192;

const PLAIN = "text/plain; charset=utf-8";

export function serveWeb(where: { readonly host: string; readonly port: number }, pages: Pages): Server {
  const server = createServer(
    {
      maxHeaderSize: LONGEST_HEAD,
      headersTimeout: PATIENCE,
      requestTimeout: PATIENCE,
      connectionsCheckingInterval: PATIENCE / 5,
    },
    (request, response) => void reply(request, response, pages),
  );
  limit(server);
  server.maxRequestsPerSocket = 1;
  server.setTimeout(PATIENCE, (socket) => socket.destroy());
  server.listen(where);
  return server;
}

/** The oldest goes where there are too many: whoever holds them all keeps nobody from asking whether we live. */
function limit(server: Server): void {
  const open = new Set<Socket>();
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const [oldest] = open;
    if (open.size <= CONNECTIONS || oldest === undefined) return;
    open.delete(oldest);
    oldest.destroy();
  });
}

async function reply(request: IncomingMessage, response: ServerResponse, pages: Pages): Promise<void> {
  response.on("error", () => response.destroy());
  response.setHeader("Connection", "close");
  const { method = "" } = request;
  if (method !== "GET" && method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    say(response, 405, PLAIN, ["only GET and HEAD\n"]);
    return;
  }
  try {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://heird");
    const page = await pages(pathname, searchParams);
    if (page === null) say(response, 404, PLAIN, ["/metrics, /livez, /readyz, /healthz or /healthz?vr=NAME\n"]);
    else say(response, page.status, page.type, method === "HEAD" ? [] : page.pieces);
  } catch (cause) {
    // A path that is no URL, or a page that could not be made.
    say(response, 500, PLAIN, [`${cause instanceof Error ? cause.message : String(cause)}\n`]);
  }
}

function say(response: ServerResponse, status: number, type: string, pieces: readonly string[]): void {
  response.writeHead(status, { "Content-Type": type });
  const said = (from: number): void => {
    const piece = pieces[from];
    if (response.destroyed) return;
    if (piece === undefined) response.end();
    else {
      response.write(piece);
      setImmediate(said, from + 1);
    }
  };
  said(0);
}
