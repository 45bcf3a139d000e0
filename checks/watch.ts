// From a check to what it tells: the one place that knows every kind.

import { from, map, type Observable, switchMap, timer } from "rxjs";
import type { Answer, CheckConfig, Question, Run } from "../agent/core/check.ts";
import { microseconds } from "../agent/core/time.ts";
import type { Kernel } from "../agent/kernel.ts";
import { prepareRequests } from "../agent/web/request.ts";
import { once, type Probe, periodically, type Rhythm } from "./check.ts";
import { dns } from "./dns.ts";
import { file } from "./file.ts";
import { http } from "./http.ts";
import { metric } from "./metric.ts";
import { neighbour } from "./neighbour.ts";
import { ping } from "./ping.ts";
import { type ProcessTable, presence } from "./process.ts";
import { route } from "./route.ts";
import { script } from "./script.ts";
import { tcp } from "./tcp.ts";

/** What checks ask of the kernel, beside sockets that Node has. */
export type Port = Pick<Kernel, "sendEcho" | "askNeighbour" | "watchRoutes">;

/** Everything that checks are handed. */
export type Means = Rhythm & { readonly port: Port; readonly processes: ProcessTable };

/**
 * Where a kind is asked: in a process of its own, or in the daemon, because it takes the daemon's
 * privileges and next to no time.
 */
export const PLACES: Readonly<Record<Question["kind"], "aside" | "here">> = {
  script: "aside",
  http: "aside",
  tcp: "aside",
  dns: "aside",
  metric: "aside",
  file: "aside",
  process: "aside",
  ping: "here",
  route: "here",
  arp: "here",
};

type Asking = { readonly asked: Probe } | { readonly told: Observable<Answer> };

function asking(check: CheckConfig, { port, processes }: Means): Asking {
  const { question } = check;
  switch (question.kind) {
    case "script":
      return { asked: script(check, question) };
    case "http":
      return { asked: http(check, question) };
    case "tcp":
      return { asked: tcp(check, question) };
    case "dns":
      return { asked: dns(check, question) };
    case "metric":
      return { asked: metric(check, question) };
    case "ping":
      return { asked: ping(check, question, port) };
    case "arp":
      return { asked: neighbour(check, question, port) };
    case "route":
      return { told: route(check, question, port) };
    case "file":
      return { told: file(question) };
    case "process":
      return { told: presence(question, processes) };
  }
}

/** The first run is not late because of what had to be loaded for it. */
function prepared(check: CheckConfig, begin: () => Observable<Run>): Observable<Run> {
  const { question } = check;
  const asksPages = question.kind === "http" || (question.kind === "metric" && question.number.kind === "url");
  return asksPages ? from(prepareRequests()).pipe(switchMap(begin)) : begin();
}

/** Every run of a check, until it is unsubscribed. */
export const watch = (check: CheckConfig, means: Means): Observable<Run> =>
  prepared(check, () => following(check, means));

function following(check: CheckConfig, means: Means): Observable<Run> {
  const how = asking(check, means);
  if ("asked" in how) return periodically(check, how.asked, means);
  const none = microseconds(0);
  // What rise and fall count must come more than once: it is said again for as long as it is true.
  const { rise, fall } = mostOf(check);
  const told =
    rise + fall > 2 ? how.told.pipe(switchMap((said) => timer(0, ms(check)).pipe(map(() => said)))) : how.told;
  return told.pipe(map((said) => ({ ...said, started: means.now(), queued: none, took: none, skipped: 0 })));
}

const ms = ({ interval }: CheckConfig): number => interval / 1_000;

const mostOf = ({ belief: { master, backup } }: CheckConfig) => ({
  rise: Math.max(master.rise, backup.rise),
  fall: Math.max(master.fall, backup.fall),
});

/** One run of it, for a person who asks. */
export function runOnce(check: CheckConfig, means: Means): Observable<Run> {
  const how = asking(check, means);
  return prepared(check, () => once(check, "asked" in how ? how.asked : () => how.told, means.now));
}
