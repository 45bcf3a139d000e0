// Names to addresses, without getaddrinfo: that one waits in a thread of libuv's pool, four dead
// names would fill it, and the log is written by the same pool.
//
// As far as a daemon needs it: an address is itself, /etc/hosts comes first, then the servers of
// /etc/resolv.conf are asked. NSS and search domains are left out.

import { Resolver } from "node:dns";
import { readFileSync } from "node:fs";
import { isIP, type LookupFunction } from "node:net";

export type Found = { readonly address: string; readonly family: 4 | 6 };

/** Every address of a name, IPv4 first; fails with a sentence. Ends early when the signal says so. */
export async function addressesOf(name: string, signal: AbortSignal | null = null): Promise<readonly Found[]> {
  const bare = name.replace(/^\[(.*)\]$/, "$1");
  const literal = isIP(bare);
  if (literal !== 0) return [{ address: bare, family: literal === 4 ? 4 : 6 }];
  const listed = inHosts(bare.toLowerCase());
  if (listed.length > 0) return listed;
  const found = await asked(bare, signal);
  if (found.length === 0) throw new Error(`${name} has no address`);
  return found;
}

/** For sockets of Node: the same. */
export const lookupIn: LookupFunction = (name, options, done) => {
  const wanted = options.family === 4 || options.family === "IPv4" ? 4 : options.family === 6 ? 6 : 0;
  addressesOf(name).then(
    (all) => {
      const found = all.filter(({ family }) => wanted === 0 || family === wanted);
      const [first] = found;
      if (first === undefined) done(new Error(`${name} has no IPv${wanted} address`), "", 4);
      else if (options.all === true) done(null, [...found]);
      else done(null, first.address, first.family);
    },
    (cause: unknown) => done(cause instanceof Error ? cause : new Error(String(cause)), "", 4),
  );
};

async function asked(name: string, signal: AbortSignal | null): Promise<readonly Found[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  const cancel = (): void => resolver.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const answers = await Promise.all([
    answerOf((done) => resolver.resolve4(name, done), 4),
    answerOf((done) => resolver.resolve6(name, done), 6),
  ]);
  signal?.removeEventListener("abort", cancel);
  const found = answers.flatMap((answer) => (answer instanceof Error ? [] : answer));
  const [error] = answers.filter((answer) => answer instanceof Error);
  if (found.length === 0 && error !== undefined) throw error;
  return found;
}

type Ask = (done: (error: Error | null, addresses: string[]) => void) => void;

const answerOf = (ask: Ask, family: 4 | 6): Promise<readonly Found[] | Error> =>
  new Promise((resolve) => {
    ask((error, addresses) => resolve(error ?? addresses.map((address) => ({ address, family }))));
  });

/** Read for each name that is no address: it is small, and may have changed. */
function inHosts(name: string): readonly Found[] {
  const lines = hosts().flatMap((line) => {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const family = isIP(address);
    const named = names.some((one) => one.toLowerCase() === name);
    return family !== 0 && named ? [{ address, family: family === 4 ? (4 as const) : (6 as const) }] : [];
  });
  return [...lines].sort((a, b) => a.family - b.family);
}

function hosts(): readonly string[] {
  try {
    return readFileSync("/etc/hosts", "utf8").split("\n");
  } catch {
    return [];
  }
}
