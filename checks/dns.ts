// Up while a name is found, with the answer that is expected.

import { Resolver } from "node:dns/promises";
import type { Answer, CheckConfig, DnsQuestion } from "../agent/core/check.ts";
import { bad, good, type Probe, promised } from "./check.ts";

export const dns =
  ({ source, timeout }: CheckConfig, question: DnsQuestion): Probe =>
  () =>
    promised(async (signal): Promise<Answer> => {
      const { name, type, resolver } = question;
      const asked = new Resolver({ timeout: timeout / 1_000, tries: 1 });
      if (resolver !== null) asked.setServers([resolver.includes(":") ? `[${resolver}]` : resolver]);
      if (source !== null) asked.setLocalAddress(...localAddress(source));
      signal.addEventListener("abort", () => asked.cancel(), { once: true });
      return judge(question, await lookUp(asked, name, type));
    });

function judge({ name, type, expect }: DnsQuestion, found: readonly string[]): Answer {
  const output = { output: found.join("\n").slice(0, 1_024) };
  if (found.length === 0) return bad(`${name} has no ${type}`, output);
  const records = new Set(found.map((record) => plain(record, type)));
  const wanting = expect.find((text) => !records.has(plain(text, type)));
  if (wanting !== undefined) return bad(`${name} ${type} was found, but not ${wanting}`, output);
  return good(`${name} ${type} found`);
}

/** A record as it is compared: names without regard to capitals and the dot at their end. */
const plain = (record: string, type: string): string =>
  type === "TXT" ? record : record.toLowerCase().replace(/\.(?=\s|$)/g, "");

const localAddress = (source: string): [string, string?] => (source.includes(":") ? ["0.0.0.0", source] : [source]);

/** Records as `dig +short` prints them, without the dot at the end. */
async function lookUp(resolver: Resolver, name: string, type: string): Promise<readonly string[]> {
  switch (type) {
    case "AAAA":
      return resolver.resolve6(name);
    case "CNAME":
      return resolver.resolveCname(name);
    case "NS":
      return resolver.resolveNs(name);
    case "PTR":
      return resolver.resolvePtr(name);
    case "MX":
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => `${priority} ${exchange}`);
    case "SRV":
      return (await resolver.resolveSrv(name)).map((one) => `${one.priority} ${one.weight} ${one.port} ${one.name}`);
    case "TXT":
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    case "SOA": {
      const { nsname, hostmaster, serial } = await resolver.resolveSoa(name);
      return [`${nsname} ${hostmaster} ${serial}`];
    }
    default:
      return resolver.resolve4(name);
  }
}
