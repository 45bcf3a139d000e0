// What must not stand in a log that is copied, shipped and attached to tickets: passwords. In their
// place stands a fingerprint that tells whether two of one log are the same, and no more.

import { createHmac } from "node:crypto";
import type { CheckConfig } from "../core/check.ts";
import type { AgentConfig, RouterConfig } from "../core/config.ts";

/** The configuration without its passwords. `key` differs from log to log, so fingerprints of two logs cannot be compared. */
export const redactConfig = (config: AgentConfig, key: string): AgentConfig => ({
  ...config,
  routers: config.routers.map((router) => redactRouter(router, key)),
  checks: config.checks.map((check) => redactCheck(check, key)),
});

/** Headers carry tokens, what is said after connecting carries passwords; the fold asks for neither. */
function redactCheck(check: CheckConfig, key: string): CheckConfig {
  const { question } = check;
  if (question.kind === "tcp" && question.send !== null)
    return { ...check, question: { ...question, send: fingerprint(question.send, key) } };
  if (question.kind !== "http") return check;
  const headers = question.headers.map(({ name, value }) => ({ name, value: fingerprint(value, key) }));
  return { ...check, question: { ...question, headers } };
}

function redactRouter(router: RouterConfig, key: string): RouterConfig {
  const { authentication } = router;
  if (authentication.type === "none") return router;
  return { ...router, authentication: { ...authentication, password: fingerprint(authentication.password, key) } };
}

/** How a fingerprint begins. */
export const REDACTED = "redacted:";

/** 32 bits: enough to see a change, too few to find the password again among the million that fit. */
export const fingerprint = (secret: string, key: string): string =>
  `${REDACTED}${createHmac("sha256", key).update(secret).digest("hex").slice(0, 8)}`;
