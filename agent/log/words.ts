// The long parts of a line in words: the configuration and the state that stand in the header of a segment.
//
// Of 250 routers that is half a megabyte, and three milliseconds. So the configuration is put into words once,
// when it comes, and a router when there is time: a state is never changed, so its words stay right for as long
// as there is this very object. What is missing when they are wanted is made then.

import type { AgentConfig } from "../core/config.ts";
import type { AgentState, RouterState } from "../core/state.ts";
import { rememberedOf } from "./line.ts";
import { redactConfig } from "./redact.ts";

export type Words = {
  /** The configuration without its passwords, as JSON. */
  readonly ofConfig: (config: AgentConfig) => string;
  /** Somebody has put it into these words already. */
  readonly learn: (config: AgentConfig, text: string) => void;
  /** What `snapshotOf` gives, as JSON. */
  readonly ofState: (state: AgentState) => string;
  /** Puts a router into words before they are wanted. */
  readonly prepare: (router: RouterState) => void;
};

export function createWords(key: string): Words {
  let last: { readonly config: AgentConfig; readonly text: string } | null = null;
  const known = new WeakMap<RouterState, string>();
  const ofRouter = (router: RouterState): string => known.get(router) ?? JSON.stringify(rememberedOf(router));
  return {
    ofConfig: (config) => {
      if (last?.config !== config) last = { config, text: JSON.stringify(redactConfig(config, key)) };
      return last.text;
    },
    learn: (config, text) => {
      last = { config, text };
    },
    ofState: ({ running, waits, checks, links, routers, drainOverAt }) =>
      `{"running":${running},"waits":${JSON.stringify(waits)},"checks":${JSON.stringify(checks)},` +
      `"links":${JSON.stringify(links)},"routers":[${routers.map(ofRouter).join()}],"drainOverAt":${drainOverAt}}`,
    prepare: (router) => {
      if (!known.has(router)) known.set(router, ofRouter(router));
    },
  };
}
