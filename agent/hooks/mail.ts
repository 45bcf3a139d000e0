// smtp_alert: one mail a change, as Keepalived's, without TLS and without a password.

import type { Deed } from "./deed.ts";
import type { Ending, Running } from "./queue.ts";

type Sent = {
  readonly response: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly rejectedErrors?: readonly (Error & { readonly recipient?: string | undefined })[] | undefined;
};
type Letter = Extract<Deed, { type: "mail" }>;

export function mail(letter: Letter, ended: (ending: Ending) => void): Running {
  let over = false;
  const once = (ending: Ending): void => {
    if (!over) ended(ending);
    over = true;
  };
  const stop = (): void => once({ ok: false, detail: "ended", output: "" });
  send(letter).then(
    (sent) => once(endingOf(sent)),
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

/** A server takes a mail for some, and refuses others, for good or for now: those are left, and none of the rest twice. */
function endingOf({ response, accepted, rejected, rejectedErrors = [] }: Sent): Ending {
  if (rejected.length === 0) return { ok: true, detail: response, output: "" };
  const why = rejectedErrors.map(({ recipient, message }) => `${recipient}: ${message}`).join("; ");
  const detail = `${accepted.length} of ${accepted.length + rejected.length} have it; ${why}`;
  return { ok: false, detail, output: "", hopeless: rejectedErrors.every(isPermanent), rest: rejected };
}

/** RFC 5321 4.2.1: 5yz is an answer that the same mail gets again. */
const isPermanent = (cause: unknown): boolean =>
  cause instanceof Error && "responseCode" in cause && Number(cause.responseCode) >= 500;

async function send({ mail: settings, rest, event, subject, text }: Letter): Promise<Sent> {
  const { to, from, host, port, helo, timeout } = settings;
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
      // A name of this machine is nobody to the header of a mail, but somebody to its server.
      envelope: { from, to: [...(rest ?? to)] },
      subject,
      text,
      messageId,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const { response, accepted, rejected, rejectedErrors } = sent;
    return { response, accepted: accepted.map(addressOf), rejected: rejected.map(addressOf), rejectedErrors };
  } finally {
    transport.close();
  }
}

const addressOf = (who: string | { readonly address: string }): string => (typeof who === "string" ? who : who.address);
