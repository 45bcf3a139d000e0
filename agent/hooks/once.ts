// startup_script and shutdown_script: run once, and waited for no longer than they may take.

import type { NotifyConfig } from "../core/config.ts";
import type { Doer } from "./aside.ts";
import { programOf } from "./deeds.ts";
import { type Clock, type Ending, LAST_CHANCE } from "./queue.ts";

type Script = NonNullable<NotifyConfig["startup"]>;

/** Settles when it has ended, or was ended because its time was over. */
export function runOnce(doer: Pick<Doer, "run">, clock: Clock, shared: NotifyConfig, script: Script): Promise<Ending> {
  const { command, timeout } = script;
  const program = programOf(command, shared);
  return new Promise((resolve) => {
    let callOff = (): void => undefined;
    const running = doer.run({ type: "script", program }, (ending) => {
      callOff();
      resolve(ending);
    });
    callOff = clock.after(timeout, () => {
      running.stop();
      callOff = clock.after(LAST_CHANCE, () => running.kill());
    });
  });
}
