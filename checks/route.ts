// Up while a route is in a table, through the gateway and the interface that are asked for.

import { distinctUntilChanged, map, Observable } from "rxjs";
import type { Answer, CheckConfig, RouteQuestion } from "../agent/core/check.ts";
import type { Kernel, RouteSeen } from "../agent/kernel.ts";
import { bad, good } from "./check.ts";

/** Tells when the watching begins and whenever the answer is another one. */
export const route = (
  { device }: CheckConfig,
  question: RouteQuestion,
  port: Pick<Kernel, "watchRoutes">,
): Observable<Answer> =>
  new Observable<readonly RouteSeen[]>((subscriber) => {
    const { table, via } = question;
    return port.watchRoutes({ prefix: prefixOf(question, via), table }, (routes) => subscriber.next(routes));
  }).pipe(
    map((routes) => judge(question, device, routes)),
    distinctUntilChanged((a, b) => a.ok === b.ok && a.detail === b.detail),
  );

function judge({ prefix, table, via }: RouteQuestion, device: string | null, routes: readonly RouteSeen[]): Answer {
  const hops = routes.flatMap((one) => one.hops);
  if (hops.length === 0) return bad(`no route ${prefix} in table ${table}`);
  const wanted = [via === null ? "" : ` via ${via}`, device === null ? "" : ` dev ${device}`].join("");
  const fitting = hops.some((hop) => (via === null || hop.via === via) && (device === null || hop.device === device));
  return fitting ? good(`route ${prefix}${wanted}`) : bad(`route ${prefix} is there, but not${wanted}`);
}

/** `default` is the one of IPv4, unless the gateway says otherwise. */
function prefixOf({ prefix }: RouteQuestion, via: string | null): string {
  if (prefix !== "default") return prefix;
  return via?.includes(":") === true ? "::/0" : "0.0.0.0/0";
}
