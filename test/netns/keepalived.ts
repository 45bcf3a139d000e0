// Real Keepalived in a namespace, beside whatever else runs on the machine: pid files of its own,
// VRRP only, in the foreground and talkative.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Daemon, StartOptions } from "./command.ts";
import { eventually } from "./eventually.ts";

/** Starts a program inside some namespace: `Host.start`. */
export type Starter = (name: string, argv: readonly string[], options?: StartOptions) => Promise<Daemon>;

export type Keepalived = Daemon & {
  /** The file it was started with. To reload: write another text there and send SIGHUP. */
  readonly configFile: string;
  readonly reload: (config: string) => void;
};

/**
 * Starts keepalived with this configuration; settles when its VRRP process has read it and runs.
 * Its crash is `signalAll("SIGKILL")`: the parent alone would leave the VRRP process advertising.
 */
export async function startKeepalived(startIn: Starter, config: string): Promise<Keepalived> {
  const folder = mkdtempSync(join(tmpdir(), "heird-keepalived-"));
  const configFile = join(folder, "keepalived.conf");
  writeFileSync(configFile, config, { mode: 0o600 });
  const pidFiles = ["-p", join(folder, "parent.pid"), "-r", join(folder, "vrrp.pid")];
  const argv = ["keepalived", "-n", "-l", "-D", "-P", "-f", configFile, ...pidFiles];
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    // Its messages carry the time in the locale's words; C keeps them the same everywhere.
    const daemon = await startIn("keepalived", argv, { env: { LC_ALL: "C" } });
    daemon.ended.then(remove, remove);
    const entered = () => {
      if (!daemon.running()) throw new Error("keepalived ended");
      return /Entering (BACKUP|MASTER|FAULT) STATE/.test(daemon.output());
    };
    await eventually("keepalived has entered a state", entered, { otherwise: daemon.output });
    return {
      ...daemon,
      configFile,
      reload: (text) => {
        writeFileSync(configFile, text, { mode: 0o600 });
        daemon.signal("SIGHUP");
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
