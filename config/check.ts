// What only the whole configuration can tell: VRIDs used twice, addresses twice; and what only the
// machine can tell, when it is asked.

import type { Declaration, DeclaredInstance } from "./declaration.ts";
import { noteAt, problem, type Report } from "./diagnostic.ts";

/** Facts about the machine. Absent when a file is checked for another one. */
export type Host = {
  readonly interfaceExists?: (name: string) => boolean;
};

/** Reports what the parts do to each other. */
export function checkWhole(declaration: Declaration, host: Host | undefined, report: Report): void {
  vridsOnce(declaration.instances, report);
  for (const instance of declaration.instances) {
    if (instance.addresses.length === 0) noAddresses(instance, report);
  }
  addressesOnce(declaration.instances, report);
  if (host?.interfaceExists !== undefined) interfacesExist(declaration, host.interfaceExists, report);
}

function vridsOnce(instances: readonly DeclaredInstance[], report: Report): void {
  const seen = new Map<string, DeclaredInstance>();
  for (const instance of instances) {
    if (instance.vrid === null || instance.interface === null) continue;
    const peers = instance.unicast
      ? instance.peers
          .map(({ address }) => address)
          .sort()
          .join()
      : "";
    const key = `${instance.interface}/${instance.family}/${instance.vrid}/${peers}`;
    const before = seen.get(key);
    if (before === undefined) seen.set(key, instance);
    else
      report(
        problem(
          "H0203",
          instance.place,
          `${before.name} and ${instance.name} both have VRID ${instance.vrid} for ${instance.family === "ipv4" ? "IPv4" : "IPv6"} on ${instance.interface}`,
          "give one of them another virtual_router_id, on all its routers",
          [noteAt(before.place, "the other one")],
        ),
      );
  }
}

function noAddresses(instance: DeclaredInstance, report: Report): void {
  const v3 = instance.version === 3;
  report(
    problem(
      v3 ? "H0211" : "H0210",
      instance.place,
      `vrrp_instance ${instance.name} has no address${v3 ? ", and VRRPv3 needs one" : " to hold"}`,
      "write one into virtual_ipaddress { }",
    ),
  );
}

function addressesOnce(instances: readonly DeclaredInstance[], report: Report): void {
  const seen = new Map<string, { instance: DeclaredInstance; place: DeclaredInstance["place"] }>();
  for (const instance of instances) {
    for (const { address, dev, place } of [...instance.addresses, ...instance.excluded]) {
      const key = `${address}%${dev ?? instance.interface ?? ""}`;
      const before = seen.get(key);
      if (before === undefined) seen.set(key, { instance, place });
      else
        report(
          problem(
            "H0209",
            place,
            `${address} stands ${before.instance === instance ? "twice" : `in ${before.instance.name}, too`}`,
            "remove one of them",
            [noteAt(before.place, "the other one")],
          ),
        );
    }
  }
}

function interfacesExist({ instances, globals }: Declaration, exists: (name: string) => boolean, report: Report): void {
  if (globals.dynamicInterfaces) return;
  const complain = (name: string, place: DeclaredInstance["place"]) => {
    if (!exists(name))
      report(
        problem(
          "H0501",
          place,
          `there is no interface ${name} on this machine`,
          "ip link lists them; with dynamic_interfaces in global_defs it may come later",
        ),
      );
  };
  for (const instance of instances) {
    if (instance.interface !== null) complain(instance.interface, instance.interfacePlace);
    for (const { dev, place } of [...instance.addresses, ...instance.excluded]) {
      if (dev !== null && dev !== instance.interface && dev !== instance.vmac?.name) complain(dev, place);
    }
    for (const { name, place } of instance.tracks.interfaces) {
      if (name !== instance.interface) complain(name, place);
    }
  }
}
