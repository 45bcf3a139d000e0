// S4: what is really on the interfaces of a machine, beside who is Master of what.

import type { RouterConfig, VirtualAddress } from "../../agent/core/config.ts";
import { wordsOf } from "../../agent/core/path.ts";
import type { RouterState } from "../../agent/core/state.ts";
import { ADDRESS_PROTOCOL } from "../../agent/kernel.ts";
import type { Machine } from "../../agent/rehearse/machine.ts";

/** S4, against what is really on the interfaces. */
export function addressesIffMaster(machine: Machine): readonly string[] {
  const { kernel } = machine;
  const state = machine.state();
  if (state !== null && !kernel.runs()) return [];
  const configs = state?.routers ?? [];
  return configs.flatMap((router) =>
    router.config.virtualAddresses.flatMap((own) => {
      if (!kernel.has(own.interface) || kernel.truth(own.interface).some((there) => isForeign(there, own))) return [];
      const there = isThere(machine, own);
      const wanted = isWanted(router, own);
      if (there === wanted || wanted === null) return [];
      return [`${router.config.name} is ${router.phase.name} and ${own.address} is ${there ? "" : "not "}there`];
    }),
  );
}

/** S4 for routes and rules. */
export function pathsIffMaster(machine: Machine): readonly string[] {
  const { kernel } = machine;
  const state = machine.state();
  if (state === null || !kernel.runs()) return [];
  return state.routers.flatMap(({ config, phase }) =>
    config.paths.flatMap((path) => {
      const there = kernel.isLaid(path);
      const wanted = phase.name === "master";
      if (there === wanted || (wanted && path.onLoss === "ignore")) return [];
      if (path.kind === "route" && path.interface !== null && !kernel.has(path.interface)) return [];
      return [`${config.name} is ${phase.name} and ${wordsOf(path)} is ${there ? "" : "not "}there`];
    }),
  );
}

/** Ours, and nobody's: what a reload took out of the configuration. */
export function strays(machine: Machine): readonly string[] {
  const { kernel, ports } = machine;
  const state = machine.state();
  if (state === null || !kernel.runs()) return [];
  const own = new Set<string>(
    state.routers.flatMap(({ config }) => config.virtualAddresses.map(({ address }) => address)),
  );
  return ports.flatMap(({ name }) =>
    kernel
      .truth(name)
      .filter(({ address, protocol }) => protocol === ADDRESS_PROTOCOL && !own.has(address))
      .map(({ address }) => `${address} is still on ${name}, and no router has it`),
  );
}

type There = ReturnType<Machine["kernel"]["truth"]>[number];
const isForeign = (there: There, { address }: VirtualAddress): boolean =>
  there.address === address && there.protocol !== ADDRESS_PROTOCOL;

export const isThere = ({ kernel }: Machine, own: VirtualAddress): boolean =>
  kernel.truth(own.interface).some((there) => there.address === own.address && there.protocol === ADDRESS_PROTOCOL);

/** Null: either is right. */
function isWanted({ phase }: RouterState, { address, onLoss }: VirtualAddress): boolean | null {
  if (phase.name !== "master") return false;
  return phase.lost.includes(address) || onLoss === "ignore" ? null : true;
}

/** Nothing of ours is left on a machine whose daemon ended. */
export const leftBehind = (machine: Machine, routers: readonly RouterConfig[]): readonly string[] =>
  routers.flatMap(({ virtualAddresses }) =>
    virtualAddresses.filter((own) => isThere(machine, own)).map((own) => `${own.address} was left behind`),
  );
