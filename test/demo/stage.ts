// What the demo plays on: a LAN of namespaces with two routers and a client, the sample pair in a
// folder of its own, a capture on the bridge, and a client that never stops asking.

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aheadPath } from "../../agent/log/ahead.ts";
import { recover } from "../../agent/log/recover.ts";
import { type Capture, tellPackets } from "../netns/capture.ts";
import type { Ended } from "../netns/command.ts";
import { SAMPLE_MASTER, SAMPLE_SLAVE } from "../netns/config.ts";
import { eventually } from "../netns/eventually.ts";
import { type Heird, type Home, heird, startHeird } from "../netns/heird.ts";
import { createLan, type Host, type Lan } from "../netns/lan.ts";
import type { Packet } from "../netns/packet.ts";
import type { Answer, Probe } from "../netns/probe.ts";
import type { Interruption } from "./interruption.ts";
import { savefileOf } from "./savefile.ts";
import type { Screen } from "./screen.ts";

/** The address that everything is about. */
export const VIRTUAL = "192.168.1.1";
/** How often the client asks, in ms. */
export const INTERVAL = 20;
/** How long the demo waits for anything, in ms: two Master_Down_Intervals and a slow machine. */
const PATIENCE = 10_000;

export type Router = {
  readonly host: Host;
  readonly home: Home;
  /** Its primary address, which its adverts come from. */
  readonly source: string;
  readonly priority: number;
};

export type Stage = {
  readonly lan: Lan;
  readonly screen: Screen;
  readonly rt1: Router;
  readonly rt2: Router;
  /** Starts heird on a router; from now on it must not end by itself. */
  readonly start: (router: Router) => Promise<Heird>;
  /** Ends it by a signal, SIGKILL for everything it has started, too. */
  readonly stop: (daemon: Heird, signal: "SIGKILL" | "SIGTERM") => Promise<Ended>;
  /** Waits until it is so; says what was waited for when it does not happen. */
  readonly until: <T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>) => Promise<T>;
  /** Waits for a packet on the bridge. */
  readonly packet: (what: string, wanted: (packet: Packet) => boolean) => Promise<Packet>;
  readonly packets: () => readonly Packet[];
  readonly answers: () => readonly Answer[];
  /** Ends every daemon and writes what it said, and the packets, into the folder; what it remembers is whole then. */
  readonly clear: () => Promise<void>;
};

/** The folder of one demo; it stays, with the logs in it, unless `remove` is called. */
export type Folder = { readonly path: string; readonly file: (name: string) => string; readonly remove: () => void };

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "heird-demo-"));
  const remove = (): void => {
    for (const name of ["rt1", "rt2"]) forgetAhead(join(path, name, "state"));
    rmSync(path, { recursive: true, force: true });
  };
  return { path, file: (name) => join(path, name), remove };
}

/** A killed daemon leaves its last lines in memory: they belong into its log, and then nowhere else. */
function rescue(stateDirectory: string): void {
  try {
    recover(stateDirectory, aheadPath(stateDirectory));
  } catch {
    // It never came so far as to have a log.
  }
  forgetAhead(stateDirectory);
}

function forgetAhead(stateDirectory: string): void {
  try {
    const ahead = aheadPath(stateDirectory);
    if (ahead !== null) rmSync(ahead, { force: true });
  } catch {
    // No state directory, nothing in memory.
  }
}

function makeHome(folder: Folder, host: Host, config: string): Home {
  const directory = folder.file(host.name);
  mkdirSync(directory, { mode: 0o755 });
  const configFile = join(directory, "heird.conf");
  const stateDirectory = join(directory, "state");
  const write = (text: string): void => writeFileSync(configFile, text, { mode: 0o600 });
  write(config);
  return {
    stateDirectory,
    configFile,
    write,
    cleanup: () => host.attempt(heird("cleanup", "--state-dir", stateDirectory)),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Builds the LAN in about a second. It cannot be interrupted: what is half built cannot be removed. */
export async function buildLan(): Promise<Lan> {
  return createLan("demo", [
    { name: "rt1", addresses: ["192.168.1.11/24"] },
    { name: "rt2", addresses: ["192.168.1.12/24"] },
    { name: "client", addresses: ["192.168.1.99/24"] },
  ]);
}

/** Puts everything on the LAN but the daemons; they are started by the scenes. */
export async function setStage(lan: Lan, folder: Folder, screen: Screen, interruption: Interruption): Promise<Stage> {
  const [rt1, rt2] = [lan.host("rt1"), lan.host("rt2")];
  const routers = {
    rt1: { host: rt1, home: makeHome(folder, rt1, SAMPLE_MASTER), source: "192.168.1.11", priority: 100 },
    rt2: { host: rt2, home: makeHome(folder, rt2, SAMPLE_SLAVE), source: "192.168.1.12", priority: 50 },
  };
  const seen: Capture = await lan.capture("ip proto 112 or arp");
  await Promise.all([rt1.startResponder(), rt2.startResponder()]);
  const probe: Probe = await lan.host("client").startProbe(VIRTUAL, INTERVAL);
  const otherwise = (): string => tellPackets(seen.packets(), 10);
  const cast = assemble(folder);
  const until: Stage["until"] = (what, look) =>
    interruption.unless(Promise.race([cast.lost, eventually(what, look, { within: PATIENCE, otherwise })]));
  return {
    lan,
    screen,
    ...routers,
    start: cast.start,
    stop: async (daemon, signal) => {
      cast.release(daemon);
      if (signal === "SIGKILL") daemon.signalAll(signal);
      else daemon.signal(signal);
      return until(`${daemon.name} ends by ${signal}`, () => !daemon.running() && daemon.ended);
    },
    until,
    packet: (what, wanted) => until(what, () => seen.packets().find(wanted)),
    packets: seen.packets,
    answers: probe.answers,
    clear: async () => {
      await cast.dismiss();
      for (const { home } of [routers.rt1, routers.rt2]) rescue(home.stateDirectory);
      writeFileSync(folder.file("wire.pcap"), savefileOf(await seen.stop()));
    },
  };
}

/** The daemons of a demo. */
type Cast = {
  readonly start: Stage["start"];
  /** It may end from now on. */
  readonly release: (daemon: Heird) => void;
  /** Rejects when one ends that should not have. */
  readonly lost: Promise<never>;
  /** Ends them all, and keeps what they said beside their configurations. */
  readonly dismiss: () => Promise<void>;
};

function assemble(folder: Folder): Cast {
  const started: { readonly name: string; readonly daemon: Heird }[] = [];
  const released = new Set<Heird>();
  let lose: (cause: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => {
    lose = reject;
  });
  lost.catch(() => undefined); // nobody may be waiting at that moment
  return {
    start: async ({ host, home }) => {
      const daemon = await startHeird(host, home, "info");
      started.push({ name: host.name, daemon });
      const gone = ({ code, signal }: Ended): void => {
        if (!released.has(daemon))
          lose(new Error(`heird on ${host.name} ended by itself (${signal ?? `code ${code}`})`));
      };
      daemon.ended.then(gone).catch(() => undefined);
      return daemon;
    },
    release: (daemon) => void released.add(daemon),
    lost,
    dismiss: async () => {
      for (const { daemon } of started) released.add(daemon);
      await Promise.all(started.map(({ daemon }) => daemon.stop(3_000)));
      for (const { name, daemon } of started) appendFileSync(folder.file(`${name}/heird.log`), daemon.output());
    },
  };
}
