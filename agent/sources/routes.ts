// Unicast routers that name no interface: what the routing table gives each of them, told as if it
// were a link. It is up while there is a way to the first peer, and its addresses are those that
// packets on that way come from.

import { Observable } from "rxjs";
import type { IpAddress } from "../core/address.ts";
import { type AgentConfig, linkOf, type RouterConfig } from "../core/config.ts";
import type { Observation } from "../core/event.ts";
import type { Kernel } from "../kernel.ts";
import type { Driver } from "../run.ts";

/** A route may change though no address does; nobody tells of that. In ms. */
const LOOK_EVERY = 1_000;

type Known = ReadonlyMap<string, readonly IpAddress[]>;
type RouteKernel = Pick<Kernel, "sourceTo" | "interfaces" | "watch">;

export const routes =
  (kernel: RouteKernel): Driver =>
  (turns$) =>
    new Observable<Observation>((subscriber) => {
      let config: AgentConfig | null = null;
      let known: Known = new Map();
      const clock = createClock(() => look());

      const look = (): void => {
        const present = waysOf(kernel, config?.routers ?? []);
        const news = changesOf(known, present);
        known = present;
        for (const seen of news) subscriber.next(seen);
      };
      const stop = kernel.watch(() => {
        if (clock.runs()) look();
      });
      const turns = turns$.subscribe(({ state }) => {
        if (state.config === config) return;
        config = state.config;
        const wanted = config.routers.some(({ interface: iface }) => iface === "");
        clock.run(wanted);
        if (wanted || known.size > 0) look();
      });
      return () => {
        clock.run(false);
        turns.unsubscribe();
        stop();
      };
    });

function createClock(look: () => void) {
  let ticking: ReturnType<typeof setInterval> | null = null;
  return {
    runs: () => ticking !== null,
    run: (wanted: boolean): void => {
      if (ticking !== null && !wanted) clearInterval(ticking);
      if (!wanted) ticking = null;
      else ticking ??= setInterval(look, LOOK_EVERY);
    },
  };
}

/** Where packets of each such router may come from; none where there is no way. */
function waysOf(kernel: RouteKernel, routers: readonly RouterConfig[]): Known {
  const ways = new Map<string, readonly IpAddress[]>();
  for (const router of routers) {
    const { to, source } = router.transport;
    const peer = to.type === "unicast" ? to.peers[0] : undefined;
    if (router.interface !== "" || peer === undefined) continue;
    const routed = kernel.sourceTo(peer.address);
    const asked = source !== null && routed !== null && isHere(kernel, source) ? [source] : [];
    const before = ways.get(linkOf(router)) ?? [];
    ways.set(linkOf(router), [...new Set([...before, ...(routed === null ? [] : [routed]), ...asked])]);
  }
  return ways;
}

const isHere = ({ interfaces }: RouteKernel, source: IpAddress): boolean =>
  [...interfaces.values()].some(({ addresses }) => addresses.some((own) => own.address === source && own.usable));

function changesOf(before: Known, now: Known): readonly Observation[] {
  return [...new Set([...before.keys(), ...now.keys()])].flatMap((name): readonly Observation[] => {
    const [had, has] = [before.get(name) ?? [], now.get(name) ?? []];
    const added = has.filter((address) => !had.includes(address));
    const removed = had.filter((address) => !has.includes(address));
    if (added.length === 0 && removed.length === 0) return [];
    const up = has.length > 0;
    // What is gone took its addresses with it.
    const link: Observation = { type: "linkChanged", link: { name, index: up ? 1 : 0, up } };
    if (!up) return [link];
    const addresses: Observation = { type: "addressesChanged", interface: name, added, removed };
    return had.length === 0 ? [addresses, link] : [addresses];
  });
}
