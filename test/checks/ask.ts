// Checks as tests write them, and their answers.

import { firstValueFrom, type Observable } from "rxjs";
import type { Belief, CheckConfig, HttpQuestion, Question, Run } from "../../agent/core/check.ts";
import { milliseconds, seconds } from "../../agent/core/time.ts";
import { means } from "../../checks/helper.ts";
import { runOnce } from "../../checks/watch.ts";

const COUNTS = { rise: 1, fall: 1 };

export const belief = (wanted: Partial<Belief> = {}): Belief => ({
  master: COUNTS,
  backup: COUNTS,
  initFail: false,
  holdDown: seconds(0),
  minGood: seconds(0),
  minBad: seconds(0),
  flapPenalty: null,
  verdict: "upOrDown",
  ...wanted,
});

/** Asked every second, with half a second for the answer. */
export const check = (question: Question, wanted: Partial<CheckConfig> = {}): CheckConfig => ({
  name: "check/tested",
  question,
  interval: seconds(1),
  timeout: milliseconds(500),
  jitter: seconds(0),
  source: null,
  device: null,
  latency: null,
  belief: belief(),
  ...wanted,
});

/** A page that is asked for as a file without further words has it asked for. */
export const page = (url: string, wanted: Partial<HttpQuestion> = {}): HttpQuestion => ({
  kind: "http",
  url,
  method: "GET",
  headers: [],
  host: null,
  status: [{ from: 200, to: 299 }],
  bodies: [],
  maxBody: 65_536,
  keepAlive: false,
  tls: { ca: null, cert: null, key: null, verify: true },
  expiry: null,
  ...wanted,
});

/** One run of it, as the daemon would. */
export const answerOf = (asked: CheckConfig): Promise<Run> =>
  firstValueFrom(runOnce(asked, means()) as Observable<Run>);

/** A script of the shell's, for what a program can do. */
export const shell = (text: string, wanted: Partial<CheckConfig> = {}): CheckConfig =>
  check({ kind: "script", program: { argv: ["/bin/sh", "-c", text], user: null, group: null, umask: 0o022 } }, wanted);
