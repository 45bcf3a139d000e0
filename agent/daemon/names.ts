// Names for virtual interfaces on this machine. Where something of that name is there that heird would
// not replace, another name is taken, as Keepalived does (B14.4).

import type { AgentConfig, RouterConfig, VirtualInterface } from "../core/config.ts";
import { virtualInterfacesOf } from "../core/machine.ts";
import { isUpon } from "../effects/provision.ts";
import type { Kernel } from "../kernel.ts";

/** IFNAMSIZ, without the zero at its end. */
const LONGEST = 15;

type Named = {
  readonly config: AgentConfig;
  /** What was named otherwise, in sentences. */
  readonly told: readonly string[];
};

/** The configuration with names that can be had here. The same machine gives the same names again. */
export function nameable(kernel: Pick<Kernel, "interfaces">, config: AgentConfig): Named {
  const wanted = virtualInterfacesOf(config);
  const taken = new Set(wanted.map(({ name }) => name));
  const renamed = new Map<string, string>();
  const told: string[] = [];
  for (const { name, kind } of wanted) {
    if (canHave(kernel, name)) continue;
    const other = freeName(kernel, name, taken);
    taken.add(other);
    renamed.set(name, other);
    told.push(`${name} is there already and is no ${kind}: the virtual interface is called ${other}`);
  }
  if (renamed.size === 0) return { config, told };
  return { config: { ...config, routers: config.routers.map((router) => withNames(router, renamed)) }, told };
}

function canHave(kernel: Pick<Kernel, "interfaces">, name: string): boolean {
  const there = kernel.interfaces.get(name);
  return there === undefined || isUpon(there);
}

function freeName(kernel: Pick<Kernel, "interfaces">, name: string, taken: ReadonlySet<string>): string {
  for (let i = 1; ; i++) {
    const suffix = `.${i}`;
    const other = `${name.slice(0, LONGEST - suffix.length)}${suffix}`;
    if (!taken.has(other) && canHave(kernel, other)) return other;
  }
}

function withNames(router: RouterConfig, names: ReadonlyMap<string, string>): RouterConfig {
  const nameOf = (name: string): string => names.get(name) ?? name;
  const own = new Set(router.virtualInterfaces.map(({ name }) => name));
  const lyingOn = <T extends { readonly interface: string }>(one: T): T =>
    own.has(one.interface) ? { ...one, interface: nameOf(one.interface) } : one;
  return {
    ...router,
    vmac: router.vmac && { ...router.vmac, name: nameOf(router.vmac.name) },
    virtualInterfaces: router.virtualInterfaces.map((one): VirtualInterface => ({ ...one, name: nameOf(one.name) })),
    virtualAddresses: router.virtualAddresses.map(lyingOn),
    excludedAddresses: router.excludedAddresses.map(lyingOn),
  };
}
