// heird check --host: what this machine says of a file, in the network that the file names.

import { type Loaded, type LoadOptions, loadConfig } from "../../config/load.ts";
import { thisMachine } from "../../config/machine.ts";
import { within } from "../linux/namespace.ts";

/** The addresses of another network say nothing: where it cannot be entered, none are looked at, and that is said. */
export function loadHere(path: string, options: LoadOptions = {}): Loaded {
  const load = (host: typeof thisMachine): Loaded => loadConfig(path, { ...options, host });
  let loaded = load(thisMachine);
  const { netNamespace } = loaded.declaration.globals;
  if (netNamespace === null) return loaded;
  const entered = within(netNamespace, () => {
    loaded = load(thisMachine);
  });
  if (entered.ok) return loaded;
  process.stderr.write(
    `heird: net_namespace ${netNamespace}: ${entered.error}; the addresses there were not looked at\n`,
  );
  const { addressesOf: _, promotesSecondaries: __, ...others } = thisMachine;
  return load(others);
}
