// Interfaces and their addresses, as observations: those that are there at the start, then every change.

import { Observable } from "rxjs";
import type { Observation } from "../core/event.ts";
import type { InterfaceChange, InterfaceState, Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";

export const links =
  (kernel: Pick<Kernel, "interfaces" | "watch">): Driver =>
  () =>
    new Observable((subscriber) => {
      const stop = kernel.watch((change) => subscriber.next(asObservation(change)));
      for (const iface of kernel.interfaces.values()) for (const seen of atStart(iface)) subscriber.next(seen);
      return stop;
    });

function asObservation(change: InterfaceChange): Observation {
  const { name } = change;
  switch (change.type) {
    case "link":
      return { type: "linkChanged", link: { name, index: change.index, up: change.up } };
    case "duplicate":
      return { type: "addressDuplicate", interface: name, address: change.address };
    case "addresses": {
      const { added, removed, by } = change;
      return { type: "addressesChanged", interface: name, added, removed, ...(by === undefined ? {} : { by }) };
    }
  }
}

function atStart({ name, index, up, addresses }: InterfaceState): Observation[] {
  const link: Observation = { type: "linkChanged", link: { name, index, up } };
  const added = addresses.filter(({ usable }) => usable).map(({ address }) => address);
  return added.length === 0 ? [link] : [link, { type: "addressesChanged", interface: name, added, removed: [] }];
}
