// Webhooks and mail of a daemon that dies and stops while their servers are away.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { eventually } from "./eventually.ts";
import { finish, makeHome, startHeird } from "./heird.ts";
import { createLan, type Lan } from "./lan.ts";
import { mustSkip } from "./requirements.ts";

/** Takes what is posted and writes one line of it: event, attempt, state. */
const SERVER = `
const { createServer } = require("node:http");
const { appendFileSync } = require("node:fs");
createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => { body += chunk; });
  request.on("end", () => {
    const { event, attempt, state, reason } = JSON.parse(body);
    appendFileSync(process.argv[1], [event, attempt, state, reason].join(" ") + "\\n");
    response.writeHead(204).end();
  });
}).listen(8080, "127.0.0.1", () => console.log("listening"));
`;

const CONFIG = `
global_defs {
  notification_email { ops@example.org }
  smtp_server 127.0.0.1 2525
  smtp_alert
  webhook http://127.0.0.1:8080/heird {
    backoff 0.1
    retries 1000
    timeout 5
  }
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 1
  priority 100
  advert_int 0.2
  virtual_ipaddress { 192.168.1.1/24 }
}
`;

describe.skipIf(mustSkip("webhooks and mail over restarts", ["ip"]))("what others are to be told", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "heird-elsewhere-"));
    lan = await createLan("elsewhere", [{ name: "rt1", addresses: ["192.168.1.11/24"] }]);
  });
  afterAll(async () => {
    await lan.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  const posted = (): readonly (readonly string[])[] =>
    readFileSync(join(folder, "posted"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(" "));

  test("is told by the next daemon, in order and once, when this one died or stopped before it could", async () => {
    writeFileSync(join(folder, "posted"), "");
    const rt1 = lan.host("rt1");
    const home = makeHome(rt1, CONFIG);
    const told = () =>
      readLog(home.stateDirectory).lines.flatMap((line) =>
        line.type === "event" && (line.seen.type === "hookBegan" || line.seen.type === "hookEnded") ? [line.seen] : [],
      );
    const attempts = (): number =>
      told().filter(({ type, hook }) => type === "hookBegan" && /^webhook/.test(hook)).length;

    const first = await startHeird(rt1, home);
    await first.reach("master", undefined, 30_000);
    // More attempts than deaths that a program is forgiven.
    await eventually("it was tried five times", () => attempts() >= 5, { within: 30_000 });
    const { hooks } = await first.status();
    expect(hooks.failed).toBeGreaterThan(0);
    expect(hooks.lastFailure).toMatch(/ECONNREFUSED/);
    expect(first.output()).toMatch(/ECONNREFUSED/);
    first.signal("SIGKILL");
    await first.ended;

    const second = await startHeird(rt1, home);
    await second.reach("master", undefined, 30_000);
    await second.stop(20_000);

    const server = await rt1.start("server", [process.execPath, "-e", SERVER, join(folder, "posted")]);
    await eventually("the server listens", () => server.stdout().includes("listening"), { within: 30_000 });
    const third = await startHeird(rt1, home);
    await third.reach("master", undefined, 30_000);
    await eventually("everything is told", () => posted().length >= 7, {
      within: 30_000,
      otherwise: () => `${JSON.stringify(posted())}\n${third.output()}`,
    });
    await third.stop(20_000);
    await eventually("the last word, too", () => posted().length >= 8, { within: 30_000 });
    const all = posted();
    expect(all.map(([, , state]) => state)).toEqual([
      ...["BACKUP", "MASTER"],
      ...["BACKUP", "MASTER", "STOP"],
      ...["BACKUP", "MASTER", "STOP"],
    ]);
    expect(new Set(all.map(([event]) => event)).size).toBe(8);
    // The first has been tried by three daemons, the last by one.
    expect(Number(all[0]?.[1])).toBeGreaterThan(5);
    expect(all.at(-1)?.[1]).toBe("1");
    expect(all.map(([, , , reason]) => reason)).toContain("shutdown");
    // Nobody takes the mail. That is known, and nothing waits for it.
    const mails = told().filter(({ hook }) => hook === "smtp_alert");
    expect(mails.some((seen) => seen.type === "hookEnded" && /ECONNREFUSED/.test(seen.detail))).toBe(true);
    const finals = told().filter((seen) => seen.type === "hookEnded" && seen.final && /^webhook/.test(seen.hook));
    expect(finals).toHaveLength(8);
    await server.stop();
    finish(home);
  });
});
