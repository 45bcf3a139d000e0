// smtp_alert: one mail a change, as Keepalived's, without TLS and without a password.

import type { Deed } from "./deed.ts";
import type { Ending, Running } from "./queue.ts";

type Letter = Extract<Deed, { type: "mail" }>;

export function mail(letter: Letter, ended: (ending: Ending) => void): Running {
  let over = false;
  const once = (ending: Ending): void => {
    if (!over) ended(ending);
    over = true;
  };
  const stop = (): void => once({ ok: false, detail: "ended", output: "" });
  send(letter).then(
    (response) => once({ ok: true, detail: response, output: "" }),
    (cause: unknown) =>
      once({
        ok: false,
        detail: cause instanceof Error ? cause.message : String(cause),
        output: "",
        hopeless: isPermanent(cause),
      }),
  );
  return { supersede: () => undefined, stop, kill: stop };
}

/** RFC 5321 4.2.1: 5yz is an answer that the same mail gets again. */
const isPermanent = (cause: unknown): boolean =>
  cause instanceof Error && "responseCode" in cause && Number(cause.responseCode) >= 500;

async function send({ mail: { to, from, host, port, helo, timeout }, event, subject, text }: Letter): Promise<string> {
  // Most daemons never mail.
  const { createTransport } = await import("nodemailer");
  const ms = timeout / 1_000;
  const transport = createTransport({
    host,
    port,
    name: helo,
    secure: false,
    ignoreTLS: true,
    connectionTimeout: ms,
    greetingTimeout: ms,
    socketTimeout: ms,
  });
  try {
    const messageId = `<${event.replaceAll(/[^A-Za-z0-9._-]/g, "-")}@heird>`;
    // A file of somebody's choice, or a URL, must not get into a mail by the name of an instance.
    const sent = await transport.sendMail({
      from,
      to: [...to],
      subject,
      text,
      messageId,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return sent.response;
  } finally {
    transport.close();
  }
}
