// What the daemon gives its checks: the kernel, a process aside, and somebody to complain to; and one
// check run for a person, by the same code.

import { existsSync } from "node:fs";
import { firstValueFrom } from "rxjs";
import { type Asker, openAsker } from "../../checks/aside.ts";
import { initiate } from "../../checks/file.ts";
import { means } from "../../checks/helper.ts";
import { endRemains, markOf, meanwhile, ownMark } from "../../checks/remains.ts";
import { type Means, runOnce } from "../../checks/watch.ts";
import { loadConfig } from "../../config/load.ts";
import { machineOfDaemon } from "../../config/machine.ts";
import { runText } from "../cli/checks.ts";
import { EXIT, Refusal } from "../cli/refusal.ts";
import type { AgentConfig } from "../core/config.ts";
import type { Kernel } from "../kernel.ts";
import { openLinuxKernel } from "../linux/linux-kernel.ts";
import { clearAmbientCapabilities } from "../linux/realtime.ts";
import type { Journal } from "../operate/journal.ts";
import type { Askers } from "../sources/checks.ts";
import type { Source } from "./loader.ts";
import type { Teller } from "./prepare.ts";

const meansWith = (kernel: Kernel): Means => ({ ...means(), now: kernel.now, port: kernel });

/** Settles when nothing is left of what checks have started. */
type Closing = { readonly close: () => Promise<void> };

/** Begins the marks of all that the checks of one life start; another life may have the same process id. */
export const markOfLife = (stateDirectory: string, began: number): string => `${markOf(stateDirectory)}${began}.`;

/** `mark` begins those of everything that is started. */
export function askersOf(kernel: Kernel, journal: Journal, mark: string): Askers & Closing {
  const warn = (sentence: string): void => journal.warn(sentence);
  const opened: Asker[] = [];
  return {
    means: meansWith(kernel),
    kernel,
    warn,
    openAsker: (told) => {
      const asker = openAsker(mark, told, warn);
      opened.push(asker);
      return asker;
    },
    close: async () => {
      await Promise.all(opened.map((asker) => asker.close()));
    },
  };
}

/** Ends what the checks of a daemon that died have left running, and says so. For a living one meanwhile, and not its own. */
export async function endLeftPrograms(
  stateDirectory: string,
  say: Pick<Teller, "warn">,
  living?: string,
): Promise<void> {
  if (!existsSync(stateDirectory)) return;
  const ended = await endRemains(markOf(stateDirectory), living === undefined ? undefined : meanwhile, living);
  if (ended > 0) say.warn(`ended ${ended} process(es): checks of a daemon that died had left them running`);
}

/** init_file of every tracked file, before anything reads them. */
export function beginFiles({ checks }: AgentConfig, journal: Journal): void {
  for (const { name, question } of checks) {
    if (question.kind !== "file") continue;
    try {
      initiate(question);
    } catch (cause) {
      journal.error(
        `${name}: ${question.path} cannot be begun: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    }
  }
}

/** `heird checks run NAME`: one run as the daemon would have it, and everything there is to see. */
export async function runCheck({ file, configId }: Source, wanted: string, json: boolean): Promise<number> {
  const { config } = loadConfig(file, { host: machineOfDaemon, ...(configId === undefined ? {} : { configId }) });
  if (config === null) throw new Refusal(EXIT.config, `${file} has errors; heird check ${file} tells them`);
  const check = config.checks.find(({ name }) => name === wanted || name.endsWith(`/${wanted}`));
  if (check === undefined)
    throw new Refusal(
      EXIT.usage,
      `no check "${wanted}" is tracked in ${file}; there are ${config.checks.map(({ name }) => name).join(", ") || "none"}`,
    );
  clearAmbientCapabilities();
  const kernel = openLinuxKernel();
  const interrupted = (): void => void endRemains(ownMark()).then(() => process.exit(EXIT.internal));
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, interrupted);
  const run = await firstValueFrom(runOnce(check, meansWith(kernel)));
  kernel.close();
  process.stdout.write(json ? `${JSON.stringify({ check: check.name, ...run })}\n` : `${runText(check, run)}\n`);
  return run.ok ? EXIT.ok : EXIT.internal;
}
