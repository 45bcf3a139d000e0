// Figures and probes over HTTP: what is answered to whom, and what nobody can do to the daemon by asking.

import { request, type Server } from "node:http";
import { type AddressInfo, createConnection } from "node:net";
import { afterEach, expect, test } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { Observation } from "../../agent/core/event.ts";
import { type AgentState, initialState } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { pagesOf } from "../../agent/daemon/figures.ts";
import { serveWeb } from "../../agent/operate/web.ts";
import { ip, router, virtual } from "../log/history.ts";
import { eventually } from "../netns/eventually.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const FOUR = router("eth0", "ipv4", 51, {
  name: "VI 1",
  virtualAddresses: [virtual("192.0.2.1", "eth0"), { ...virtual("192.0.2.2", "eth0"), onLoss: "ignore" }],
});

const appeared = (added: readonly string[], removed: readonly string[] = []): Observation => ({
  type: "addressesChanged",
  interface: "eth0",
  added: added.map(ip),
  removed: removed.map(ip),
});

/** What it is after these. */
const after = (state: AgentState, ...life: readonly (readonly [number, Observation])[]): AgentState =>
  life.reduce((before, [at, seen]) => step(before, { at: instantAt(at), seen }).state, state);

async function serve() {
  const memory = { state: initialState, ending: false };
  let alive = true;
  const pager = () => Promise.resolve(["heird_a 1\n", "heird_b 2\n"]);
  const server = serveWeb(
    { host: "127.0.0.1", port: 0 },
    pagesOf({ pager, tally: { duplicates: new Set() }, alive: () => alive, memory }),
  );
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = (path: string, method = "GET") =>
    new Promise<{ readonly status: number; readonly type: string; readonly connection: string; readonly body: string }>(
      (resolve, reject) => {
        const asked = request({ host: "127.0.0.1", port, path, method }, (answer) => {
          let body = "";
          answer.setEncoding("utf8").on("data", (text: string) => {
            body += text;
          });
          answer.on("end", () => {
            const { "content-type": type = "", connection = "" } = answer.headers;
            resolve({ status: answer.statusCode ?? 0, type, connection, body });
          });
        });
        asked.on("error", reject).end();
      },
    );
  const stall = () => {
    alive = false;
  };
  return { memory, ask, port, stall };
}

test("figures in the type of their version, by GET and HEAD alone, one question a connection", async () => {
  const { ask } = await serve();
  const type = "text/plain; version=0.0.4; charset=utf-8";
  expect(await ask("/metrics")).toEqual({ status: 200, type, connection: "close", body: "heird_a 1\nheird_b 2\n" });
  expect(await ask("/metrics", "HEAD")).toEqual({ status: 200, type, connection: "close", body: "" });
  for (const method of ["POST", "PUT", "DELETE"]) expect((await ask("/metrics", method)).status).toBe(405);
  expect((await ask("/")).status).toBe(404);
  expect((await ask("/metrics/../../etc/passwd")).status).toBe(404);
});

test("the probes follow the state: addresses where they should be, and nowhere else", async () => {
  const { ask, memory, stall } = await serve();
  expect(await ask("/livez")).toMatchObject({ status: 200, body: "ok\n" });
  expect(await ask("/readyz")).toMatchObject({ status: 503, body: "it has not started\n" });
  memory.state = after(
    initialState,
    [0, { type: "linkChanged", link: { name: "eth0", index: 2, up: true } }],
    [0, appeared(["10.0.0.7"])],
    [0, { type: "configured", config: { ...usualAgent, routers: [FOUR] } }],
    [0, { type: "commanded", command: { type: "startup" } }],
  );
  expect((await ask("/readyz")).status).toBe(200);
  expect((await ask("/healthz")).status).toBe(200);
  // A Backup with an address that somebody put there.
  memory.state = after(memory.state, [1, appeared(["192.0.2.1"])]);
  const backup = await ask("/healthz?vr=VI%201");
  expect(JSON.parse(backup.body)).toEqual({
    schema: 1,
    ok: false,
    instances: [{ name: "VI 1", state: "backup", ok: false, drained: null, missing: [], unexpected: ["192.0.2.1"] }],
  });
  expect(backup.status).toBe(503);
  // Master, with what it must have; the other one may be missing, as its configuration says.
  memory.state = after(memory.state, [3_609_375, { type: "deadlineReached", router: FOUR.key }]);
  expect((await ask("/healthz?vr=VI%201")).status).toBe(200);
  memory.state = after(memory.state, [4_000_000, appeared([], ["192.0.2.1"])]);
  expect((await ask("/healthz")).body).toContain('"missing":["192.0.2.1"]');
  expect((await ask("/healthz?vr=nobody")).status).toBe(404);
  stall();
  expect((await ask("/livez")).status).toBe(503);
  memory.state = { ...memory.state, running: true };
  Object.assign(memory, { ending: true });
  expect(await ask("/readyz")).toMatchObject({ status: 503, body: "it is stopping\n" });
});

test("who holds many connections loses the oldest, and keeps nobody out", async () => {
  const { port, ask } = await serve();
  const mute = Array.from({ length: 40 }, () => createConnection(port, "127.0.0.1"));
  let ended = 0;
  for (const socket of mute) socket.on("close", () => (ended += 1)).on("error", () => undefined);
  // 16 have a place; 24 that came before them lose theirs.
  await eventually("those beyond the limit are sent away", () => ended === 24, { within: 30_000 });
  expect(mute.map(({ destroyed }) => destroyed)).toEqual([...new Array(24).fill(true), ...new Array(16).fill(false)]);
  // Nobody has to wait until their 5 s are over.
  expect((await ask("/livez")).status).toBe(200);
  await eventually("one more has made room for it", () => ended === 25, { within: 30_000 });
  for (const socket of mute) socket.destroy();
});
