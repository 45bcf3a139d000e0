// Requests against servers of this test, on loopback.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { addressesOf } from "../../agent/web/lookup.ts";
import { openConnection, type Place, request, type Wanted } from "../../agent/web/request.ts";

const directory = mkdtempSync(join(tmpdir(), "heird-web-"));
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

const path = (name: string): string => join(directory, name);
const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });

/** A certificate for a name, valid for so many days, with its key; it is its own authority. */
function certificate(name: string, days: number): { readonly cert: string; readonly key: string } {
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
  openssl(
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    ...subject,
    ...out,
    ...["-days", String(days)],
  );
  return { cert: readFileSync(path(`${name}.pem`), "utf8"), key: readFileSync(path(`${name}.key`), "utf8") };
}

const PLAIN: Place = { source: null, ca: null, cert: null, key: null, verify: true };
const wanted = (url: string, more: Partial<Wanted> = {}): Wanted => ({
  url,
  method: "GET",
  headers: [],
  host: null,
  body: null,
  maxBody: 1_000,
  answered: null,
  signal: AbortSignal.timeout(5_000),
  ...more,
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers with what it was asked, or as the path says. */
const echo = () =>
  createServer((asked, answer) => {
    if (asked.url === "/moved") answer.writeHead(302, { location: "/" }).end();
    else if (asked.url === "/endless") setInterval(() => answer.write("x".repeat(65_536)), 1).unref();
    else if (asked.url !== "/silent") {
      const { method, url, headers } = asked;
      answer.setHeader("x-from", asked.socket.remoteAddress ?? "");
      answer.end(JSON.stringify({ method, url, headers, port: asked.socket.remotePort }));
    }
  });

describe("a request", async () => {
  const port = await listening(echo());
  const url = (rest: string): string => `http://127.0.0.1:${port}${rest}`;

  test("says what it is told to say", async () => {
    const headers = [{ name: "X-Who", value: "heird" }];
    const reply = await request(PLAIN, wanted(url("/a?b=c"), { method: "OPTIONS", host: "www.example.org", headers }));
    const asked = JSON.parse(reply.body) as { method: string; url: string; headers: Record<string, string> };
    expect(asked).toMatchObject({ method: "OPTIONS", url: "/a?b=c" });
    expect(asked.headers).toMatchObject({ host: "www.example.org", "x-who": "heird" });
    expect(reply).toMatchObject({ status: 200, truncated: false, certificateEnds: null });
    expect(reply.connected).not.toBeNull();
    expect(reply.answered).toBeLessThanOrEqual(reply.took);
  });

  test("takes a redirection for the answer it is", async () => {
    expect(await request(PLAIN, wanted(url("/moved")))).toMatchObject({ status: 302, headers: { location: "/" } });
  });

  test("comes from the address it is given", async () => {
    const reply = await request({ ...PLAIN, source: "127.0.0.9" }, wanted(url("/")));
    expect(reply.headers["x-from"]).toBe("127.0.0.9");
  });

  test("reads no more of an endless body than it was told to", async () => {
    const reply = await request(PLAIN, wanted(url("/endless"), { maxBody: 100_000 }));
    expect(reply).toMatchObject({ status: 200, truncated: true });
    expect(reply.body.length).toBe(100_000);
  });

  test("ends when the signal says so", async () => {
    await expect(request(PLAIN, wanted(url("/silent"), { signal: AbortSignal.timeout(100) }))).rejects.toThrow(
      /abort/i,
    );
  });

  test("names the reason when nobody listens", async () => {
    const closed = await listening(createServer());
    servers.at(-1)?.close();
    await expect(request(PLAIN, wanted(`http://127.0.0.1:${closed}/`))).rejects.toThrow("ECONNREFUSED");
  });

  test("uses a connection again only when it is asked to keep one", async () => {
    const portOf = (body: string): unknown => (JSON.parse(body) as { port: number }).port;
    const kept = openConnection(PLAIN, url(""));
    const [first, second] = [await kept.ask(wanted(url("/"))), await kept.ask(wanted(url("/")))];
    expect(portOf(first.body)).toBe(portOf(second.body));
    expect([first.connected === null, second.connected === null]).toEqual([false, true]);
    kept.close();
    const fresh = await request(PLAIN, wanted(url("/")));
    expect(portOf(fresh.body)).not.toBe(portOf(first.body));
  });
});

describe("a request over TLS", async () => {
  const good = certificate("good.example", 30);
  const mine = certificate("client.example", 30);
  const secure = createSecureServer(
    { ...good, ca: mine.cert, requestCert: true, rejectUnauthorized: false },
    (asked, answer) => {
      const { socket } = asked;
      answer.end("authorized" in socket && socket.authorized === true ? "known" : "unknown");
    },
  );
  const url = `https://127.0.0.1:${await listening(secure)}/`;

  test("does not believe a certificate that nobody vouches for", async () => {
    await expect(request(PLAIN, wanted(url))).rejects.toThrow(/self-signed/);
    expect(await request({ ...PLAIN, verify: false }, wanted(url))).toMatchObject({ status: 200, body: "unknown" });
  });

  test("believes its own authority, for the name that was asked for", async () => {
    const place = { ...PLAIN, ca: good.cert };
    expect(await request(place, wanted(url, { host: "good.example" }))).toMatchObject({ status: 200 });
    await expect(request(place, wanted(url, { host: "bad.example" }))).rejects.toThrow(/altnames/);
  });

  test("shows its own certificate, and tells when the other one runs out", async () => {
    const reply = await request({ ...PLAIN, ca: good.cert, ...mine }, wanted(url));
    expect(reply.body).toBe("known");
    // Made for 30 days, a moment ago.
    const days = ((reply.certificateEnds ?? 0) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThanOrEqual(30);
  });
});

describe("a name", () => {
  test("that is an address is itself", async () => {
    expect(await addressesOf("192.0.2.1")).toEqual([{ address: "192.0.2.1", family: 4 }]);
    expect(await addressesOf("[2001:db8::1]")).toEqual([{ address: "2001:db8::1", family: 6 }]);
  });

  test("in /etc/hosts needs nobody to be asked", async () => {
    expect(await addressesOf("LocalHost")).toContainEqual({ address: "127.0.0.1", family: 4 });
  });
});
