// What befalls the two routers of a soak, over and over. Each fault is undone before it returns.

import { setTimeout as pause } from "node:timers/promises";
import type { Heird } from "../netns/heird.ts";
import type { Lan } from "../netns/lan.ts";

export type Site = {
  readonly lan: Lan;
  readonly strong: Heird;
  readonly weak: Heird;
  /** The configuration of the stronger one; with an address more, when that is asked. */
  readonly config: (more: boolean) => string;
  /** The first virtual address. */
  readonly address: string;
};

export type Fault = { readonly name: string; readonly happens: (site: Site) => Promise<void> };

/** How long a fault lasts, in ms: a soak is made of time. */
const SPELL = 1_500;

const lossy =
  (match: string) =>
  async (site: Site): Promise<void> => {
    await site.lan.lose(match);
    await pause(SPELL);
    await site.lan.loseNothing();
  };

const stall =
  (which: "strong" | "weak") =>
  async (site: Site): Promise<void> => {
    site[which].signal("SIGSTOP");
    await pause(SPELL);
    site[which].signal("SIGCONT");
  };

export const FAULTS: readonly Fault[] = [
  {
    name: "the cable of the Master out and in",
    happens: async ({ lan }) => {
      await lan.host("rt1").unplug();
      await pause(SPELL);
      await lan.host("rt1").plug();
    },
  },
  { name: "the Master stopped", happens: stall("strong") },
  { name: "a fifth of the adverts lost", happens: lossy("ip protocol 112 numgen random mod 5 == 0") },
  {
    name: "an address flushed",
    happens: async ({ lan, address }) => {
      await lan.host("rt1").run(["ip", "address", "delete", `${address}/32`, "dev", "eth0"]);
    },
  },
  { name: "the Master not heard", happens: lossy('iifname "rt1" ip protocol 112') },
  {
    name: "reloads with an address more and less",
    happens: async ({ strong, config }) => {
      strong.reload(config(true));
      await pause(SPELL);
      strong.reload(config(false));
    },
  },
  { name: "the Backup stopped", happens: stall("weak") },
];
