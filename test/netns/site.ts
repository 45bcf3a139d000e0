// A LAN with heird on it, for one test: whatever happens, everything is ended and removed, and the
// log that each node wrote is folded and compared with what the node was.

import { assertFolds, type Heird, type Home, lastLines, makeHome, snapshotOf, startHeird } from "./heird.ts";
import { createLan, type HostSpec, type Lan } from "./lan.ts";

export type Site = Lan & {
  /** Starts heird on a host for the first time, with a state directory of its own; below `root`, when it is told. */
  readonly heird: (host: string, config: string, root?: string) => Promise<Heird>;
  /** Starts it again on the state directory of one that has ended. */
  readonly again: (ended: Heird) => Promise<Heird>;
  /** A home whose daemon is not expected to run: it is removed, and nothing is asked of its log. */
  readonly unchecked: (host: string, config: string) => Home;
};

type Started = { readonly host: string; readonly node: Heird };

/** Two routers, `rt1` with .11 and `rt2` with .12, and room for more; IPv4 and IPv6. */
export const ROUTERS: readonly HostSpec[] = [
  { name: "rt1", addresses: ["192.168.1.11/24", "2001:db8::11/64"] },
  { name: "rt2", addresses: ["192.168.1.12/24", "2001:db8::12/64"] },
];

/**
 * Builds a LAN, runs the test on it, stops every heird (which must end with code 0), and demands of
 * every log that its replay gives the live state. The message of a failure has the daemons' last words.
 */
export async function onSite(
  tag: string,
  specs: readonly HostSpec[],
  body: (site: Site) => Promise<void>,
): Promise<void> {
  const lan = await createLan(tag, specs);
  const started: Started[] = [];
  const homes: Home[] = [];
  const others: Home[] = [];
  const home = (host: string, config: string, root?: string): Home => {
    const made = makeHome(lan.host(host), config, root);
    homes.push(made);
    return made;
  };
  const launch = async (host: string, at: Home): Promise<Heird> => {
    const node = await startHeird(lan.host(host), at);
    started.push({ host, node });
    return node;
  };
  const hostOf = (node: Heird): string => started.find((one) => one.node === node)?.host ?? "";
  const site: Site = {
    ...lan,
    unchecked: (host, config) => {
      const made = makeHome(lan.host(host), config);
      others.push(made);
      return made;
    },
    heird: (host, config, root) => launch(host, home(host, config, root)),
    again: (ended) => launch(hostOf(ended), ended.home),
  };
  try {
    await body(site);
    for (const { node } of started) if (node.running()) await verifyRunning(node);
    for (const at of homes) await verifyEnded(at, started.findLast(({ node }) => node.home === at)?.node);
  } catch (error) {
    const words = started.map(({ host, node }) => `--- heird ${node.pid} on ${host}\n${lastLines(node.output(), 25)}`);
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words.join("\n")}`, { cause: error });
  } finally {
    await lan.remove();
    for (const at of [...homes, ...others]) at.remove();
  }
}

async function verifyRunning(node: Heird): Promise<void> {
  const live = await snapshotOf(node);
  const { code } = await node.stop();
  if (code !== 0) throw new Error(`heird ended with code ${code} on SIGTERM`);
  assertFolds(node.home, live);
}

/** A killed daemon's last lines come into the log with the next command; the log must be whole then. */
async function verifyEnded(at: Home, last: Heird | undefined): Promise<void> {
  const ended = last === undefined ? null : await last.ended;
  if (ended?.code !== 0) {
    const { code, stdout, stderr } = await at.cleanup();
    if (code !== 0) throw new Error(`heird cleanup ended with code ${code}: ${stderr}${stdout}`);
  }
  assertFolds(at);
}
