// npm run demo: a failover on real packets, watched live. Everything happens in network namespaces of its
// own; only a folder with the logs stays, and not even that when it is interrupted.

import { MAIN } from "../netns/heird.ts";
import { whyUnusable } from "../netns/requirements.ts";
import { type Interruption, listenForInterruption } from "./interruption.ts";
import { cleanEnd, comeback, crash, election, introduce, outage } from "./scenes.ts";
import { createScreen, type Screen, wantsColour } from "./screen.ts";
import { buildLan, type Folder, makeFolder, type Stage, setStage } from "./stage.ts";

const complain = (sentence: string): void => void process.stderr.write(`heird demo: ${sentence}\n`);

async function play(stage: Stage, folder: string): Promise<void> {
  introduce(stage, folder);
  const { rt1, rt2 } = await election(stage, folder);
  await crash(stage, rt1);
  const returned = await comeback(stage);
  const again = await outage(stage, returned);
  await cleanEnd(stage, again, rt2);
}

/** What can be read afterwards, and with which words: they work as they stand when they are pasted. */
function farewell(screen: Screen, folder: Folder): void {
  screen.text("");
  screen.text("Namespaces, bridge and daemons are removed. The logs and the packets stay:", true);
  screen.command(`cd ${folder.path}`);
  screen.command(`grep -o '"hlc":[0-9]*,"mark".*"because":"[^"]*"' rt?/state/log/*.jsonl`);
  screen.command(`heird() { node ${MAIN} "$@"; }`);
  screen.command("heird explain --state-dir rt2/state --with rt1/state");
  screen.command("tcpdump -ttnr wire.pcap vrrp");
}

/** Plays it on a LAN of its own and removes that, however it ends. */
async function onStage(screen: Screen, interruption: Interruption): Promise<Folder> {
  const lan = await buildLan();
  const folder = makeFolder();
  // After the listener that ends the LAN, or the daemons would still be writing.
  process.once("exit", () => {
    if (interruption.code() !== null) folder.remove();
  });
  try {
    await interruption.unless(Promise.resolve());
    const stage = await setStage(lan, folder, screen, interruption);
    try {
      await play(stage, folder.path);
    } finally {
      await stage.clear();
    }
  } catch (error) {
    if (interruption.code() === null) complain(`what the daemons said and remember is in ${folder.path}`);
    throw error;
  } finally {
    await lan.remove();
  }
  return folder;
}

async function demo(): Promise<number> {
  const reason = whyUnusable(["ip", "tcpdump"]);
  if (reason !== null) {
    complain(`${reason}.`);
    return 1;
  }
  const { stdout, env } = process;
  const screen = createScreen((text) => void stdout.write(text), stdout.columns ?? 100, wantsColour(stdout.isTTY, env));
  const interruption = listenForInterruption();
  try {
    farewell(screen, await onStage(screen, interruption));
    return 0;
  } catch (error) {
    const code = interruption.code();
    const what = code === null ? `failed: ${error instanceof Error ? error.message : String(error)}` : "interrupted";
    complain(`${what}; namespaces, bridge and daemons are removed.`);
    return code ?? 1;
  }
}

process.exitCode = await demo();
process.exit();
