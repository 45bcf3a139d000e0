// Pages behind TLS, as a check asks for them: who is believed, what is shown, and for how long that is valid; and
// what else of a request a check may set.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type IpAddress, parseAddress } from "../../agent/core/address.ts";
import type { HttpQuestion, Tls } from "../../agent/core/check.ts";
import { milliseconds } from "../../agent/core/time.ts";
import { answerOf, check, page } from "./ask.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-secure-"));
const path = (name: string): string => join(directory, name);
const servers: { readonly close: () => void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

const TRUSTING: Tls = { ca: null, cert: null, key: null, verify: true };
const NAME = "up.example";

/** A certificate of its own authority, valid for so many days. */
function certify(name: string, days: number): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path(`${name}.key`)];
  const whose = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const args = ["req", "-x509", ...key, ...whose, "-out", path(`${name}.pem`), "-days", String(days)];
  execFileSync("openssl", args, { stdio: "pipe" });
}

/** Says what it was told: the name in the handshake and in the request, a header, from where, and who showed what. */
function mirror({ headers, socket }: IncomingMessage, page: ServerResponse): void {
  const secure = socket as Partial<TLSSocket>;
  const shown = secure.getPeerCertificate?.()?.subject?.CN;
  page.end(
    JSON.stringify({
      sni: secure.servername ?? null,
      host: headers.host,
      header: headers["x-asked"] ?? null,
      from: socket.remoteAddress,
      shown: shown ?? null,
    }),
  );
}

async function portOf(server: Server | ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  servers.push({ close: () => server.close().closeAllConnections() });
  return (server.address() as AddressInfo).port;
}

const says = (pointer: string, value: string): HttpQuestion["bodies"] => [{ kind: "json", pointer, value }];
/** Loading what speaks TLS and one handshake may take longer on a busy machine than half a second. */
const ask = (question: HttpQuestion, source: IpAddress | null = null) =>
  answerOf(check(question, { timeout: milliseconds(10_000), source }));

describe("a page behind TLS", () => {
  let port = 0;
  const url = (): string => `https://127.0.0.1:${port}/`;
  beforeAll(async () => {
    certify(NAME, 10);
    certify("client", 100);
    const [cert, key, ca] = [`${NAME}.pem`, `${NAME}.key`, "client.pem"].map((name) => readFileSync(path(name)));
    port = await portOf(createSecureServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, mirror));
  });
  const own: Tls = { ...TRUSTING, ca: path(`${NAME}.pem`) };

  test("is believed for the authority and the name that are given, and for no others", async () => {
    expect(await ask(page(url()))).toMatchObject({ ok: false, timedOut: false });
    expect(await ask(page(url(), { tls: own }))).toMatchObject({ ok: false, timedOut: false });
    expect(await ask(page(url(), { tls: own, host: NAME }))).toMatchObject({ ok: true, detail: "HTTP 200" });
    expect(await ask(page(url(), { tls: { ...TRUSTING, verify: false } }))).toMatchObject({ ok: true });
  });

  test("is asked for by that name, in the handshake and in the request", async () => {
    const named = { tls: own, host: NAME };
    expect(await ask(page(url(), { ...named, bodies: says("/sni", NAME) }))).toMatchObject({ ok: true });
    expect(await ask(page(url(), { ...named, bodies: says("/host", NAME) }))).toMatchObject({ ok: true });
    expect(await ask(page(url(), { ...named, bodies: says("/shown", "null") }))).toMatchObject({ ok: true });
  });

  test("is shown a certificate where there is one to show", async () => {
    const tls = { ...own, cert: path("client.pem"), key: path("client.key") };
    expect(await ask(page(url(), { tls, host: NAME, bodies: says("/shown", "client") }))).toMatchObject({ ok: true });
  });

  test("is bad when its certificate runs out too soon: it is valid for ten days", async () => {
    const asked = (expiry: number) => ask(page(url(), { tls: own, host: NAME, expiry }));
    expect(await asked(9)).toMatchObject({ ok: true });
    const soon = await asked(11);
    expect(soon).toMatchObject({ ok: false });
    expect(soon.detail).toMatch(/^HTTP 200, but the certificate runs out within 11 days: \d{4}-/);
  });

  test("with a certificate that cannot be read is a failure that says so", async () => {
    const { ok, detail } = await ask(page(url(), { tls: { ...TRUSTING, ca: path("none.pem") } }));
    expect(ok).toBe(false);
    expect(detail).toContain("none.pem");
  });
});

describe("a request", async () => {
  const port = await portOf(
    createServer((asked, answer) => {
      if (asked.url === "/long") answer.end(`${"x".repeat(1_000)}END`);
      else mirror(asked, answer);
    }),
  );
  const url = `http://127.0.0.1:${port}`;

  test("says its headers, and goes out from the address it is given", async () => {
    const headers = [{ name: "X-Asked", value: "by heird" }];
    expect(await ask(page(url, { headers, bodies: says("/header", "by heird") }))).toMatchObject({ ok: true });
    const source = parseAddress("127.0.0.9") as IpAddress;
    expect(await ask(page(url, { bodies: says("/from", "127.0.0.9") }), source)).toMatchObject({ ok: true });
    expect(await ask(page(url, { bodies: says("/from", "127.0.0.1") }))).toMatchObject({ ok: true });
  });

  test("reads no more than max_body lets in: 1003 bytes, and END behind the thousandth", async () => {
    const bodies = [{ kind: "text", text: "END" }] as const;
    expect(await ask(page(`${url}/long`, { bodies, maxBody: 1_003 }))).toMatchObject({ ok: true });
    expect(await ask(page(`${url}/long`, { bodies, maxBody: 1_002 }))).toMatchObject({
      ok: false,
      detail: 'HTTP 200, but the page does not contain "END" in what max_body lets in',
    });
  });
});
