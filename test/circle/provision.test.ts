// What is changed on a machine for a configuration: written down before it is changed, in the order
// that leaves no gap, and taken back. On a machine that consists of maps.

import { Observable } from "rxjs";
import { describe, expect, it } from "vitest";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import type { Change } from "../../agent/core/machine.ts";
import { initialState, type Turn } from "../../agent/core/state.ts";
import { instantAt } from "../../agent/core/time.ts";
import { usualAgent, usualRouter } from "../../agent/core/usual.ts";
import { nameable } from "../../agent/daemon/names.ts";
import { type ProvisionKernel, provision, takeBack } from "../../agent/effects/provision.ts";
import type { InterfaceState, Outcome } from "../../agent/kernel.ts";
import { router, virtual } from "../log/history.ts";

const DONE: Outcome = { ok: true };
const MAC = "00:00:5e:00:01:33";

const link = (name: string, index: number, upon: InterfaceState["upon"] = null, mac = [2, 0, 0, 0, 0, index]) => ({
  name,
  index,
  mac: Uint8Array.from(mac),
  mtu: 1500,
  up: upon === null,
  upon,
  addresses: [],
});

/** A machine with eth0 and eth1, and everything that was done to it, in order. */
function machine(settings: Readonly<Record<string, string>> = {}, links: readonly InterfaceState[] = []) {
  const interfaces = new Map([link("eth0", 2), link("eth1", 3), ...links].map((one) => [one.name, one]));
  const sysctls = new Map(Object.entries(settings));
  const deeds: string[] = [];
  const written: Change[] = [];
  const kernel: ProvisionKernel = {
    interfaces,
    addLink: ({ kind, name, parent, mac }) => {
      const index = interfaces.get(parent)?.index ?? 0;
      interfaces.set(name, link(name, 10 + interfaces.size, { kind, parent: index, mode: 2 }, [...mac]));
      for (const setting of ["arp_ignore", "accept_local"]) sysctls.set(`net/ipv4/conf/${name}/${setting}`, "0");
      deeds.push(`make ${name}`);
      return DONE;
    },
    raiseLink: (name) => {
      deeds.push(`raise ${name}`);
      return DONE;
    },
    removeLink: (name) => {
      interfaces.delete(name);
      for (const path of sysctls.keys()) if (path.includes(`/${name}/`)) sysctls.delete(path);
      deeds.push(`remove ${name}`);
      return DONE;
    },
    readSysctl: (path) => sysctls.get(path) ?? null,
    writeSysctl: (path, value) => {
      sysctls.set(path, value);
      deeds.push(`${path}=${value}`);
      return DONE;
    },
    setFilter: ({ closed }, anew) => {
      deeds.push(`${anew ? "new " : ""}filter ${closed.map(({ address }) => address).join()}`);
      return DONE;
    },
    removeFilter: () => {
      deeds.push("no filter");
      return DONE;
    },
    keepGroups: () => DONE,
  };
  const changes = {
    all: () => written.slice(),
    record: (more: readonly Change[]) => {
      for (const one of more) deeds.push(`write down ${one.type === "sysctl" ? one.path : one.type}`);
      written.push(...more);
    },
    forget: (gone: readonly Change[]) => {
      for (const one of gone) if (written.includes(one)) written.splice(written.indexOf(one), 1);
    },
  };
  const told: string[] = [];
  /** What is to be done when the turn is over. */
  const later: (() => void)[] = [];
  const say = { info: () => {}, warn: (sentence: string) => void told.push(sentence) };
  const provisioner = provision(kernel, changes, say, (act) => void later.push(act));
  return { kernel, changes, provisioner, interfaces, sysctls, deeds, told, later };
}

const PLAIN = router("eth0", "ipv4", 51, { virtualAddresses: [virtual("192.0.2.1", "eth0")] });
const VMAC: AgentConfig = {
  ...usualAgent,
  routers: [
    {
      ...PLAIN,
      virtualAddresses: [virtual("192.0.2.1", "vrrp.51")],
      vmac: { kind: "macvlan", name: "vrrp.51", xmitBase: false },
      virtualInterfaces: [{ kind: "macvlan", name: "vrrp.51", parent: "eth0", mac: MAC, group: 0 }],
    },
  ],
};
const CLOSED: AgentConfig = {
  ...usualAgent,
  routers: [{ ...PLAIN, conduct: { ...usualRouter("ipv4").conduct, accept: false } }],
};
const SETTINGS = {
  "net/ipv4/conf/all/rp_filter": "1",
  "net/ipv4/conf/default/rp_filter": "0",
  "net/ipv4/conf/eth0/rp_filter": "2",
  "net/ipv4/conf/eth1/rp_filter": "0",
  "net/ipv4/conf/eth0/arp_ignore": "0",
  "net/ipv4/conf/eth0/arp_filter": "1",
};

describe("a machine made to fit a configuration", () => {
  it("writes down what it changes before it changes it, and sets an interface up last", () => {
    const { provisioner, deeds } = machine(SETTINGS);
    expect(provisioner.furnish(VMAC)).toEqual([]);
    expect(deeds).toEqual([
      "write down net/ipv4/conf/eth0/arp_ignore",
      "write down net/ipv4/conf/default/rp_filter",
      "write down net/ipv4/conf/eth1/rp_filter",
      "write down net/ipv4/conf/all/rp_filter",
      "net/ipv4/conf/eth0/arp_ignore=1",
      // The stricter of both counted before: 1 for eth1 and for those to come; eth0 had 2, which is stricter still.
      "net/ipv4/conf/default/rp_filter=1",
      "net/ipv4/conf/eth1/rp_filter=1",
      "net/ipv4/conf/all/rp_filter=0",
      "write down link",
      "make vrrp.51",
      "net/ipv4/conf/vrrp.51/arp_ignore=1",
      "net/ipv4/conf/vrrp.51/accept_local=1",
      "raise vrrp.51",
      "write down filter",
      "new filter ",
    ]);
    expect(provisioner.settings()).toHaveLength(6);
  });

  it("takes everything back, whoever does it, and leaves what somebody else has changed since", () => {
    const { kernel, changes, provisioner, sysctls, interfaces } = machine(SETTINGS);
    provisioner.furnish(VMAC);
    sysctls.set("net/ipv4/conf/eth1/rp_filter", "2");
    const { errors } = takeBack(kernel, changes, changes.all());
    expect(errors).toEqual([]);
    expect(Object.fromEntries(sysctls)).toEqual({ ...SETTINGS, "net/ipv4/conf/eth1/rp_filter": "2" });
    expect([...interfaces.keys()]).toEqual(["eth0", "eth1"]);
    expect(changes.all()).toEqual([]);
  });

  it("does nothing again where everything is as wanted, and takes back what another configuration needs no more", () => {
    const { provisioner, deeds, sysctls, changes, later } = machine(SETTINGS);
    const slowly = (config: AgentConfig): void => {
      provisioner.settleSlowly(config);
      for (let act = later.shift(); act !== undefined; act = later.shift()) act();
    };
    provisioner.furnish(VMAC);
    deeds.length = 0;
    provisioner.furnish(VMAC);
    expect(deeds.filter((deed) => !/^raise|filter/.test(deed))).toEqual([]);
    slowly(VMAC);
    expect(sysctls.get("net/ipv4/conf/all/rp_filter")).toBe("0");
    provisioner.furnish(CLOSED);
    slowly(CLOSED);
    expect(Object.fromEntries(sysctls)).toEqual(SETTINGS);
    expect(changes.all()).toEqual([{ type: "filter", table: "heird" }]);
  });

  it("uses a macvlan that is as wanted and leaves it there, and replaces any other", () => {
    const same = link("vrrp.51", 9, { kind: "macvlan", parent: 2, mode: 2 }, [0, 0, 0x5e, 0, 1, 0x33]);
    const reused = machine({}, [same]);
    reused.provisioner.furnish(VMAC);
    reused.provisioner.settle(usualAgent);
    expect(reused.interfaces.get("vrrp.51")).toBe(same);
    const other = machine({}, [{ ...same, upon: { kind: "macvlan", parent: 3, mode: 2 } }]);
    other.provisioner.furnish(VMAC);
    expect(other.deeds.filter((deed) => /vrrp/.test(deed)).slice(0, 2)).toEqual(["remove vrrp.51", "make vrrp.51"]);
    expect(other.told.join()).toMatch(/vrrp\.51 is another macvlan .* replaced/);
    // Upon one in private mode no other router of the same virtual MAC would be heard.
    const deaf = machine({}, [{ ...same, upon: { kind: "macvlan", parent: 2, mode: 1 } }]);
    deaf.provisioner.furnish(VMAC);
    expect(deaf.deeds.filter((deed) => /vrrp/.test(deed)).slice(0, 2)).toEqual(["remove vrrp.51", "make vrrp.51"]);
  });

  const named = (name: string, mac = MAC): AgentConfig => {
    const [one] = VMAC.routers;
    const made = { kind: "macvlan", name, parent: "eth0", mac, group: 0 } as const;
    return { ...VMAC, routers: one === undefined ? [] : [{ ...one, virtualInterfaces: [made] }] };
  };
  const linkDeeds = (deeds: readonly string[]): readonly string[] =>
    deeds.filter((deed) => /^(make|raise|remove) /.test(deed));

  it("knows before which interfaces it will take away, and which it will make", () => {
    const { provisioner, interfaces } = machine();
    expect([VMAC, usualAgent].map(provisioner.foreseen)).toEqual([[{ name: "vrrp.51", index: 1, up: true }], []]);
    interfaces.delete("eth0");
    expect(provisioner.foreseen(VMAC)).toEqual([]);
    const other = machine();
    other.provisioner.furnish(VMAC);
    expect([VMAC, usualAgent, named("vip51")].map(other.provisioner.foreseen)).toEqual([
      [],
      [],
      [
        { name: "vrrp.51", index: 0, up: false },
        { name: "vip51", index: 1, up: true },
      ],
    ]);
  });

  it("removes a macvlan of the same MAC address before it makes one of another name", () => {
    const { provisioner, deeds, interfaces } = machine();
    provisioner.furnish(VMAC);
    deeds.length = 0;
    expect(provisioner.furnish(named("vip51"))).toEqual([]);
    expect(linkDeeds(deeds)).toEqual(["remove vrrp.51", "make vip51", "raise vip51"]);
    provisioner.settle(usualAgent);
    expect([...interfaces.keys()]).toEqual(["eth0", "eth1"]);
  });

  it("lets two routers change the names of their macvlans with each other", () => {
    const other = "00:00:5e:00:01:34";
    const pair = (first: string, second: string): AgentConfig => ({
      ...VMAC,
      routers: [...named(first).routers, ...named(second, other).routers],
    });
    const { provisioner, deeds, interfaces } = machine();
    provisioner.furnish(pair("a", "b"));
    deeds.length = 0;
    expect(provisioner.furnish(pair("b", "a"))).toEqual([]);
    expect(linkDeeds(deeds).slice(2)).toEqual(["make b", "raise b", "make a", "raise a"]);
    expect(linkDeeds(deeds).slice(0, 2).toSorted()).toEqual(["remove a", "remove b"]);
    provisioner.settle(usualAgent);
    expect([...interfaces.keys()]).toEqual(["eth0", "eth1"]);
  });

  it("touches no link where a macvlan that is not ours has the MAC address", () => {
    const foreign = {
      ...link("other", 9, { kind: "macvlan", parent: 2, mode: 2 }, [0, 0, 0x5e, 0, 1, 0x34]),
      up: true,
    };
    const { provisioner, deeds } = machine({}, [foreign]);
    provisioner.furnish(VMAC);
    deeds.length = 0;
    expect(provisioner.furnish(named("vrrp.51", "00:00:5e:00:01:34"))).toEqual([
      "vrrp.51 cannot have 00:00:5e:00:01:34: other upon eth0 has it, and heird did not make it; stop what did, then: ip link del other",
    ]);
    expect(linkDeeds(deeds)).toEqual([]);
  });

  it("makes a link again for the configuration of now, not for that of when the link changed", () => {
    const { provisioner, deeds, interfaces, later } = machine();
    provisioner.furnish(VMAC);
    let tell: (turn: Turn) => void = () => {};
    const turns = new Observable<Turn>((subscriber) => {
      tell = (turn) => subscriber.next(turn);
    });
    const subscription = provisioner.drive(turns).subscribe();
    const next = named("vip51");
    const gone = { name: "vrrp.51", index: 0, up: false };
    const turnOf = (config: AgentConfig, seen: Observation): Turn => {
      const state = { ...initialState, config, running: true };
      return { before: state, event: { at: instantAt(0), seen }, state, effects: [] };
    };
    tell(turnOf(VMAC, { type: "linkChanged", link: gone }));
    provisioner.furnish(next);
    tell(turnOf(next, { type: "configured", config: next }));
    provisioner.settle(next);
    deeds.length = 0;
    for (const act of later.splice(0)) act();
    expect(linkDeeds(deeds).filter((deed) => !deed.startsWith("raise"))).toEqual([]);
    expect([...interfaces.keys()]).toEqual(["eth0", "eth1", "vip51"]);
    subscription.unsubscribe();
  });

  it("takes another name where something else has it, and finds it again", () => {
    const { kernel, interfaces } = machine({}, [link("vrrp.51", 9, { kind: "dummy", parent: 2, mode: 0 })]);
    const { config, told } = nameable(kernel, VMAC);
    expect(told).toEqual(["vrrp.51 is there already and is no macvlan: the virtual interface is called vrrp.51.1"]);
    const [named] = config.routers;
    expect(named?.vmac?.name).toBe("vrrp.51.1");
    expect(named?.virtualAddresses.map((own) => own.interface)).toEqual(["vrrp.51.1"]);
    interfaces.set("vrrp.51.1", link("vrrp.51.1", 12, { kind: "macvlan", parent: 2, mode: 2 }));
    expect(nameable(kernel, VMAC).config).toEqual(config);
  });

  it("makes nothing upon an interface that is not there", () => {
    const { provisioner, interfaces, deeds } = machine();
    interfaces.delete("eth0");
    expect(provisioner.furnish(VMAC)).toEqual([]);
    expect(deeds.some((deed) => deed.startsWith("make"))).toBe(false);
  });

  it("keeps the other addresses of a subnet for as long as promote_secondaries is wanted", () => {
    const path = (iface: string): string => `net/ipv4/conf/${iface}/promote_secondaries`;
    const before = { [path("eth0")]: "0", [path("eth1")]: "0" };
    const config = { ...usualAgent, routers: [{ ...PLAIN, promoteSecondaries: true }] };
    const { provisioner, deeds, sysctls } = machine(before);
    expect(provisioner.furnish(config)).toEqual([]);
    expect(deeds).toEqual([`write down ${path("eth0")}`, `${path("eth0")}=1`]);
    provisioner.furnish(config);
    provisioner.settle(config);
    expect(deeds).toHaveLength(2);
    expect(sysctls.get(path("eth0"))).toBe("1");
    provisioner.settle({ ...usualAgent, routers: [PLAIN] });
    expect(Object.fromEntries(sysctls)).toEqual(before);
  });
});
