// Who is measured: two daemons that read the same text, started the way people start them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Daemon } from "../netns/command.ts";
import { eventually } from "../netns/eventually.ts";
import { heird } from "../netns/heird.ts";
import type { Host } from "../netns/lan.ts";

export type Name = "heird" | "keepalived";

/** In the order in which they take turns. */
export const CONTESTANTS: readonly Name[] = ["heird", "keepalived"];

export type Running = Daemon & {
  /** Settles when it has read its configuration and runs. */
  readonly ready: () => Promise<void>;
  /** Writes another configuration and sends SIGHUP. */
  readonly reload: (config: string) => void;
};

/** The words that start it, in the foreground, talking as much as it does unless told. */
function wordsOf(who: Name, folder: string, configFile: string): readonly string[] {
  if (who === "heird") return heird("run", "-f", configFile, "--state-dir", join(folder, "state"));
  const pidFiles = ["-p", join(folder, "parent.pid"), "-r", join(folder, "vrrp.pid")];
  return ["keepalived", "-n", "-l", "-P", "-f", configFile, ...pidFiles];
}

/** heird says who became what in its journal, Keepalived that it enters a state. */
const SPEAKS: Readonly<Record<Name, RegExp>> = {
  heird: /initialize -> |"from":"initialize"/,
  keepalived: /Entering (BACKUP|MASTER|FAULT) STATE/,
};

/** Starts it, and waits for nothing. */
export async function launch(who: Name, host: Host, config: string): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), `heird-bench-${who}-`));
  const configFile = join(folder, "router.conf");
  const write = (text: string): void => writeFileSync(configFile, text, { mode: 0o600 });
  write(config);
  const daemon = await host.start(who, wordsOf(who, folder, configFile), { env: { LC_ALL: "C" } });
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  daemon.ended.then(remove, remove);
  const speaks = (): boolean => {
    if (!daemon.running()) throw new Error(`${who} ended: ${daemon.output()}`);
    return SPEAKS[who].test(daemon.output());
  };
  return {
    ...daemon,
    ready: async () => {
      await eventually(`${who} runs`, speaks, { within: 30_000, every: 20, otherwise: daemon.output });
    },
    reload: (text) => {
      write(text);
      daemon.signal("SIGHUP");
    },
  };
}
