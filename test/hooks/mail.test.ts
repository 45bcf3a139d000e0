// Mail: what the keywords say is what a mail server hears, and a server that is bad holds up nobody.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AgentConfig } from "../../agent/core/config.ts";
import { deliveriesOf } from "../../agent/core/deliveries.ts";
import type { Notice } from "../../agent/core/effect.ts";
import { after, type Duration, instantAt, seconds } from "../../agent/core/time.ts";
import { deedOf, outlives, policyOf } from "../../agent/hooks/deeds.ts";
import { storyOf } from "../../agent/hooks/document.ts";
import { mail } from "../../agent/hooks/mail.ts";
import type { Ending } from "../../agent/hooks/queue.ts";
import { loadText } from "../config/memory.ts";
import { type MailServer, startMailServer } from "./smtp.ts";
import { NASTY, notice } from "./story.ts";

let server: MailServer;
beforeEach(async () => {
  server = await startMailServer();
});
afterEach(() => server.close());

const configured = (globals: string, instance = ""): AgentConfig => {
  const { config, diagnostics } = loadText(
    `global_defs {\n${globals}\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n${instance}\nvirtual_ipaddress { 192.0.2.10/24 }\n}\n`,
  );
  if (config === null) throw new Error(JSON.stringify(diagnostics));
  return config;
};
const full = (port = server.port): string => `router_id rt1
notification_email {
  ops@example.org
  "Night Watch" <night@example.org>
}
notification_email_from heird@rt1.example.org
smtp_server 127.0.0.1 ${port}
smtp_helo_name rt1.example.org
smtp_connect_timeout 1
smtp_alert`;

/** The first router's notice, as that configuration has it. */
const told = (config: AgentConfig, wanted: Partial<Notice> = {}): Notice => {
  const [router] = config.routers;
  if (router === undefined) throw new Error("no router");
  return notice({ hooks: router.hooks, ...wanted });
};
const mails = (config: AgentConfig, wanted: Partial<Notice> = {}): boolean =>
  deliveriesOf(told(config, wanted), config.notify).some(({ type }) => type === "mail");

function deliver(
  config: AgentConfig,
  wanted: Partial<Notice> = {},
  rest: readonly string[] | null = null,
): Promise<Ending> {
  const one = told(config, wanted);
  const delivery = deliveriesOf(one, config.notify).find(({ type }) => type === "mail");
  if (delivery === undefined) throw new Error("nobody is mailed");
  const event = "life/5000000/MASTER/eth0/ipv4/51";
  const story = storyOf(one, { event, time: 1_764_000_003_609, routerId: config.routerId });
  const at = instantAt(5_000_000);
  const deed = deedOf(
    {
      event,
      hook: delivery.hook,
      router: one.router,
      what: { delivery, story, notify: config.notify },
      policy: policyOf(one, delivery, config.notify),
      outlives: outlives(delivery),
      losses: 0,
      attempt: 1,
      wished: at,
      happened: after(at, 0 as Duration),
      overtakes: true,
    },
    { attempt: 1, superseded: false, rest },
  );
  if (deed.type !== "mail") throw new Error("that is no mail");
  return new Promise((resolve) => void mail(deed, resolve));
}

/** Quoted-printable, which long lines are sent as. */
const readable = (text: string): string =>
  text
    .replaceAll("=\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

describe("a mail", () => {
  test("goes to whom, from whom and by which name the file says, and says why", async () => {
    expect(await deliver(configured(full()))).toMatchObject({ ok: true, detail: "250 taken" });
    const [letter] = server.letters;
    expect(letter).toMatchObject({
      helo: "rt1.example.org",
      from: "heird@rt1.example.org",
      to: ["ops@example.org", "night@example.org"],
    });
    const text = letter?.text ?? "";
    expect(text).toMatch(/^From: heird@rt1\.example\.org$/m);
    expect(text).toMatch(/^To: ops@example\.org, (?:"?Night Watch"? )?<?night@example\.org>?$/m);
    expect(text).toMatch(/^Subject: \[rt1\] VRRP Instance VI_1 - MASTER \(master_silent\)$/m);
    // The same in every attempt, so that a reader who gets it twice sees it once.
    expect(text).toMatch(/^Message-ID: <life-5000000-MASTER-eth0-ipv4-51@heird>$/m);
    const body = readable(text.slice(text.indexOf("\n\n") + 2));
    expect(body).toContain("VI_1 on rt1 was backup and is MASTER since 2025-11-24T16:00:03.609Z: master_silent");
    expect(body).toContain("2025-11-24T16:00:00.000Z 192.168.1.12 advertised priority 90");
    expect(JSON.parse(body.slice(body.indexOf("{")))).toMatchObject({ event: "life/5000000/MASTER/eth0/ipv4/51" });
    // Keepalived's keywords know neither TLS nor a password: what the server offers of it is let be.
    expect(server.heard).not.toContain("STARTTLS");
  });

  test("has the names Keepalived gives it where the file is silent, and port 25", () => {
    const { mail: usual } = configured("notification_email { a@example.org }\nsmtp_alert").notify;
    expect(usual).toMatchObject({ port: 25, host: "127.0.0.1", timeout: seconds(30) });
    expect(usual?.from).toMatch(/^keepalived@./);
    expect(usual?.helo).toBe(usual?.from.slice("keepalived@".length));
  });

  test("is wanted by smtp_alert here, in the globals, or for all of VRRP; the nearest word counts", () => {
    const to = "notification_email { a@example.org }\n";
    expect(mails(configured(to))).toBe(false);
    expect(mails(configured(`${to}smtp_alert`))).toBe(true);
    expect(mails(configured(`${to}smtp_alert_vrrp`))).toBe(true);
    expect(mails(configured(`${to}smtp_alert\nsmtp_alert_vrrp off`))).toBe(false);
    expect(mails(configured(`${to}smtp_alert`, "smtp_alert off"))).toBe(false);
    expect(mails(configured(to, "smtp_alert"))).toBe(true);
    expect(mails(configured("smtp_alert"))).toBe(false);
  });

  test("tells changes, not the start, and of FAULT unless no_email_faults", () => {
    const config = configured(full());
    expect(mails(config, { word: "BACKUP", from: "initialize", to: "backup" })).toBe(false);
    expect(mails(config, { word: "FAULT", from: "backup", to: "fault" })).toBe(true);
    const quiet = configured(`${full()}\nno_email_faults`);
    expect(mails(quiet, { word: "FAULT", from: "backup", to: "fault" })).toBe(false);
    expect(mails(quiet, { word: "MASTER", from: "fault", to: "master" })).toBe(true);
  });

  test("puts no line of a name into its head, and no file or URL into its body", async () => {
    const name = `VI\r\nBcc: evil@example.org\r\n\r\n${NASTY}`;
    expect((await deliver(configured(full()), { name })).ok).toBe(true);
    const [letter] = server.letters;
    expect(letter?.to).toEqual(["ops@example.org", "night@example.org"]);
    const text = letter?.text ?? "";
    expect(text.slice(0, text.indexOf("\n\n"))).not.toMatch(/^Bcc:/m);
  });
});

describe("a mail server", () => {
  test("that takes a mail for some alone leaves the others, and they alone are tried again", async () => {
    const config = configured(full());
    server.answers.set("RCPT night@example.org", "450 greylisted");
    const first = await deliver(config);
    expect(first).toMatchObject({ ok: false, hopeless: false, rest: ["night@example.org"] });
    expect(first.detail).toMatch(/^1 of 2 have it; night@example\.org: .*450 greylisted/);
    server.answers.clear();
    expect(await deliver(config, {}, first.rest)).toMatchObject({ ok: true });
    expect(server.letters.map(({ to }) => to)).toEqual([["ops@example.org"], ["night@example.org"]]);
    server.answers.set("RCPT ops@example.org", "550 nobody of that name");
    expect(await deliver(config)).toMatchObject({ ok: false, hopeless: true, detail: /550 nobody/ as never });
  });

  test("is told the names of its own machine, as Keepalived tells them", async () => {
    const config = configured(full().replace("ops@example.org", "root"));
    expect(await deliver(config)).toMatchObject({ ok: true });
    expect(server.letters.map(({ to }) => to)).toEqual([["root", "night@example.org"]]);
  });

  test("that is down, silent, busy or refuses is a failure with its words; only a refusal is for good", async () => {
    const { port } = server;
    server.answers.set("MAIL", "451 come back later");
    expect(await deliver(configured(full()))).toMatchObject({ ok: false, hopeless: false, detail: /451/ as never });
    server.answers.delete("MAIL");
    server.answers.set("RCPT", "550 nobody here");
    expect(await deliver(configured(full()))).toMatchObject({ ok: false, hopeless: true, detail: /550/ as never });
    server.answers.delete("RCPT");
    server.answers.set("greeting", null);
    const began = performance.now();
    expect(await deliver(configured(full()))).toMatchObject({ ok: false, hopeless: false });
    // smtp_connect_timeout is 1 s; without it a greeting is waited for half a minute.
    expect(performance.now() - began).toBeGreaterThan(900);
    expect(performance.now() - began).toBeLessThan(15_000);
    await server.close();
    expect(await deliver(configured(full(port)))).toMatchObject({ ok: false, detail: /ECONNREFUSED/ as never });
    server = await startMailServer();
  });
});
