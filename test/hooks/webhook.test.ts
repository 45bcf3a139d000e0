// Webhooks against servers of this test, on loopback: who is believed, what is signed, what is tried again.

import { execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HookConfig, NotifyConfig, Webhook } from "../../agent/core/config.ts";
import { deliveriesOf } from "../../agent/core/deliveries.ts";
import { instantAt, milliseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import type { Deed } from "../../agent/hooks/deed.ts";
import { openDesk } from "../../agent/hooks/desk.ts";
import { clockOf } from "../../agent/hooks/pipes.ts";
import type { Ending, Running, Told } from "../../agent/hooks/queue.ts";
import { post } from "../../agent/hooks/webhook.ts";
import { eventually } from "../netns/eventually.ts";
import { notice } from "./story.ts";

let folder: string;
const servers: Server[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-webhook-"));
});
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const read = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
};

const webhook = (url: string, wanted: Partial<Webhook> = {}): Webhook => ({
  url,
  secretFile: null,
  events: ["master", "backup", "fault", "stop"],
  timeout: seconds(5),
  retries: 0,
  backoff: milliseconds(20),
  tls: { ca: null, cert: null, key: null },
  ...wanted,
});
const DOCUMENT = '{"a":1,"name":"VI \\"1\\" $(x)"}\n';
const send = (url: string, wanted: Partial<Webhook> = {}, now?: () => number): Promise<Ending> =>
  new Promise((resolve) => {
    post(
      { type: "webhook", webhook: webhook(url, wanted), event: "e/1", attempt: 2, document: DOCUMENT },
      resolve,
      now,
    );
  });

describe("what is posted", () => {
  test("is the document, signed with its time by HMAC-SHA-256", async () => {
    // A key with a line end behind it, as editors leave one.
    const secretFile = join(folder, "secret");
    writeFileSync(secretFile, "a key of ours\n");
    const seen: { headers: IncomingMessage["headers"]; body: string; method: string | undefined }[] = [];
    const port = await listening(
      createServer(async (request, response) => {
        seen.push({ headers: request.headers, body: await read(request), method: request.method });
        response.writeHead(204).end();
      }),
    );
    const now = () => 1_764_000_003_609;
    expect(await send(`http://127.0.0.1:${port}/x?y=1`, { secretFile }, now)).toMatchObject({ ok: true });
    const [one] = seen;
    expect(one).toMatchObject({ method: "POST", body: DOCUMENT });
    expect(one?.headers).toMatchObject({
      "content-type": "application/json",
      "heird-event": "e/1",
      "heird-attempt": "2",
      "heird-time": "1764000003",
    });
    const ours = createHmac("sha256", "a key of ours").update("1764000003.").update(DOCUMENT).digest("hex");
    expect(one?.headers["heird-signature"]).toBe(`sha256=${ours}`);
    // And by somebody else's arithmetic.
    const theirs = execFileSync("openssl", ["dgst", "-sha256", "-hmac", "a key of ours"], {
      input: `1764000003.${DOCUMENT}`,
    });
    expect(theirs.toString()).toContain(ours);
    expect(await send(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: true });
    expect(seen[1]?.headers["heird-signature"]).toBeUndefined();
    expect(await send(`http://127.0.0.1:${port}/`, { secretFile: join(folder, "none") })).toMatchObject({
      ok: false,
      detail: /ENOENT/ as never,
    });
    expect(seen).toHaveLength(2);
  });

  test("is believed to have arrived by 2xx alone; what is wrong with it stays wrong, but for 408, 425 and 429", async () => {
    const port = await listening(
      createServer((request, response) => {
        response.writeHead(Number(request.url?.slice(1)), { location: "/200" }).end("why");
      }),
    );
    const of = async (status: number) => {
      const { ok, hopeless, detail, output } = await send(`http://127.0.0.1:${port}/${status}`);
      expect([detail, output]).toEqual([`HTTP ${status}`, status === 204 ? "" : "why"]);
      return ok ? "done" : hopeless === true ? "hopeless" : "again";
    };
    const all = [200, 204, 302, 400, 401, 404, 408, 410, 425, 429, 500, 502, 503];
    const words: string[] = [];
    for (const status of all) words.push(`${status} ${await of(status)}`);
    expect(words).toEqual([
      "200 done",
      "204 done",
      "302 hopeless",
      "400 hopeless",
      "401 hopeless",
      "404 hopeless",
      "408 again",
      "410 hopeless",
      "425 again",
      "429 again",
      "500 again",
      "502 again",
      "503 again",
    ]);
  });

  test("is answered by the head: what a server does not say to its end, it is not asked twice for", async () => {
    const port = await listening(
      createServer((request, response) => {
        response.writeHead(request.url === "/busy" ? 503 : 200, { "content-length": 500 }).write("so far");
        if (request.url !== "/slow") setTimeout(() => response.destroy(), 50);
      }),
    );
    const of = (path: string) => send(`http://127.0.0.1:${port}${path}`, { timeout: milliseconds(500) });
    expect(await of("/half")).toMatchObject({ ok: true, detail: /^HTTP 200, and then / as never });
    expect(await of("/slow")).toMatchObject({ ok: true, detail: "HTTP 200, and then no answer in time" });
    expect(await of("/busy")).toMatchObject({ ok: false, hopeless: false, detail: /^HTTP 503, and then / as never });
  });
});

describe("a server over TLS", () => {
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const authority = (name: string): void => {
    const out = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    openssl("req", "-x509", ...EC, "-subj", `/CN=${name}`, "-days", "30", ...out);
  };
  /** A certificate for these names by that authority, valid until that many days from now. */
  const certificate = (name: string, names: string, by: string, until: number): { cert: string; key: string } => {
    openssl("req", ...EC, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${names}\n`);
    writeFileSync(join(folder, `${name}.index`), "");
    writeFileSync(
      join(folder, `${name}.cnf`),
      [
        "[ca]",
        "default_ca=a",
        "[a]",
        `database=${name}.index`,
        "rand_serial=yes",
        "new_certs_dir=.",
        "default_md=sha256",
        "policy=p",
        "[p]",
        "commonName=supplied",
      ].join("\n"),
    );
    const day = (days: number): string =>
      new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
    const span = ["-startdate", day(-20), "-enddate", day(until)];
    const from = ["-config", `${name}.cnf`, "-cert", `${by}.pem`, "-keyfile", `${by}.key`, "-extfile", `${name}.ext`];
    openssl("ca", "-batch", "-notext", ...from, ...span, "-in", `${name}.csr`, "-out", `${name}.pem`);
    const text = (path: string): string => readFileSync(join(folder, path), "utf8");
    return { cert: text(`${name}.pem`), key: text(`${name}.key`) };
  };
  const taken: string[] = [];
  const serve = (identity: { cert: string; key: string }): Promise<number> =>
    listening(
      createSecureServer(identity, async (request, response) => {
        taken.push(await read(request));
        response.writeHead(204).end();
      }),
    );

  test("is told only when an authority that we trust says that it is who it says, today", async () => {
    authority("ours");
    authority("others");
    const good = await serve(certificate("good", "IP:127.0.0.1,DNS:localhost", "ours", 5));
    const expired = await serve(certificate("expired", "IP:127.0.0.1", "ours", -1));
    const elsewhere = await serve(certificate("elsewhere", "DNS:other.example", "ours", 5));
    const stranger = await serve(certificate("stranger", "IP:127.0.0.1", "others", 5));
    const tls = { ca: join(folder, "ours.pem"), cert: null, key: null };
    const ask = async (port: number, wanted: Partial<Webhook> = { tls }) => {
      const { ok, detail } = await send(`https://127.0.0.1:${port}/`, wanted);
      return ok ? "told" : detail;
    };
    expect(await ask(good)).toBe("told");
    expect(await ask(expired)).toMatch(/expired/);
    expect(await ask(elsewhere)).toMatch(/does not match|altnames/i);
    expect(await ask(stranger)).toMatch(/unable to verify|unable to get.*issuer|self.signed/i);
    // The system's authorities know nothing of ours.
    expect(await ask(good, {})).toMatch(/unable to verify|unable to get.*issuer|self.signed/i);
    expect(taken).toEqual([DOCUMENT]);
  });
});

describe("several of them", () => {
  /** A desk whose webhooks are really posted; every instance tells this one URL. */
  const deskTo = (wanted: Webhook) => {
    const log: Told[] = [];
    const run = (deed: Deed, ended: (ending: Ending) => void): Running => {
      if (deed.type !== "webhook") throw new Error("webhooks only");
      return post(deed, ended);
    };
    const desk = openDesk(
      clockOf(() => instantAt(Math.round(performance.now() * 1_000))),
      { run },
      (told) => log.push(told),
    );
    const hooks: HookConfig = { ...usualHooks, webhooks: [wanted] };
    const shared: NotifyConfig = usualAgent.notify;
    const say = (name: string, event: string): void => {
      const one = notice({ name, hooks, at: instantAt(Math.round(performance.now() * 1_000)) });
      for (const delivery of deliveriesOf(one, shared))
        desk.take(
          one,
          delivery,
          { event, time: Date.now(), happened: one.at, attempt: 1 },
          { routerId: "rt1", notify: shared },
        );
    };
    return { desk, log, say };
  };
  const server = async (answer: (name: string, nth: number) => number | null) => {
    const seen: string[] = [];
    const listener: RequestListener = async (request, response) => {
      const { name } = JSON.parse(await read(request)) as { name: string };
      const said = `${name} ${request.headers["heird-event"]} ${request.headers["heird-attempt"]}`;
      const status = answer(name, seen.push(said));
      if (status !== null) response.writeHead(status).end();
    };
    return { seen, url: `http://127.0.0.1:${await listening(createServer(listener))}/` };
  };

  test("are told in order, each after the one before has arrived or was refused", async () => {
    // 503 twice, then silence once, then 404, then all is well.
    const answers = new Map<number, number | null>([
      [1, 503],
      [2, 503],
      [3, null],
      [5, 404],
    ]);
    const { seen, url } = await server((_, nth) => (answers.has(nth) ? (answers.get(nth) ?? null) : 204));
    const { desk, log, say } = deskTo(webhook(url, { retries: 5, timeout: milliseconds(1_500) }));
    for (const event of ["e1", "e2", "e3"]) say("VI_1", event);
    await eventually("all are over", () => !desk.busy(), { within: 30_000 });
    expect(seen).toEqual(["VI_1 e1 1", "VI_1 e1 2", "VI_1 e1 3", "VI_1 e1 4", "VI_1 e2 1", "VI_1 e3 1"]);
    const ends = log.flatMap((told) => (told.type === "hookEnded" ? [told] : []));
    expect(ends.map(({ event, outcome, final, detail }) => `${event} ${outcome} ${final} ${detail}`)).toEqual([
      "e1 failed false HTTP 503",
      "e1 failed false HTTP 503",
      "e1 failed false no answer in time",
      "e1 done true HTTP 204",
      "e2 failed true HTTP 404",
      "e3 done true HTTP 204",
    ]);
    const begins = log.flatMap((told) => (told.type === "hookBegan" && told.event === "e1" ? [told] : []));
    expect(begins).toHaveLength(4);
    expect(desk.status()).toMatchObject({ done: 2, failed: 4, lastFailure: /HTTP 404/ as never });
  });

  test("of another instance do not wait for a server that is slow about this one", async () => {
    const { seen, url } = await server((name) => (name === "VI_SLOW" ? null : 204));
    const { desk, log, say } = deskTo(webhook(url, { timeout: seconds(30) }));
    say("VI_SLOW", "s1");
    await eventually("the slow one was asked", () => seen.length === 1, { within: 30_000 });
    for (const event of ["e1", "e2"]) say("VI_1", event);
    await eventually("the others are told", () => seen.length === 3, { within: 20_000 });
    expect(seen).toEqual(["VI_SLOW s1 1", "VI_1 e1 1", "VI_1 e2 1"]);
    await eventually("and that is known", () => desk.status().done === 2, { within: 20_000 });
    expect(desk.status().running).toEqual([`VI_SLOW: webhook ${url}`]);
    // The daemon stops: the next one goes on with what has not arrived.
    say("VI_SLOW", "s2");
    desk.giveUp();
    await eventually("nothing is left here", () => !desk.busy(), { within: 20_000 });
    const left = log.flatMap((told) => (told.type === "hookEnded" && told.outcome === "given_up" ? [told] : []));
    expect(left.map(({ event, final }) => `${event} ${final}`).sort()).toEqual(["s1 false", "s2 false"]);
  });
});
