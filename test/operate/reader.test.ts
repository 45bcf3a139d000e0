// What is read aside, and handed over in words: it must be what was read, and the log's words no less and no more.

import { expect, test } from "vitest";
import { step } from "../../agent/core/agent.ts";
import type { AgentConfig } from "../../agent/core/config.ts";
import type { Observation } from "../../agent/core/event.ts";
import { comparing } from "../../agent/core/settled.ts";
import { initialState } from "../../agent/core/state.ts";
import { instantAt, seconds } from "../../agent/core/time.ts";
import { type Read, readIn, type Telling, tellingOf } from "../../agent/daemon/loader.ts";
import { redactConfig } from "../../agent/log/redact.ts";
import { EXAMPLES } from "../../config/examples.ts";
import { loadText } from "../config/memory.ts";

const KEY = "the epoch of a log";
const INSTANCE = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.0.2.10/24
  }
}
`;
const SECRET = INSTANCE.replace(
  "51\n",
  "51\n  version 2\n  authentication {\n    auth_type PASS\n    auth_pass secret\n  }\n",
);
const TEXTS = [SECRET, ...EXAMPLES.map(([, text]) => (text.includes("vrrp_instance") ? text : `${text}\n${INSTANCE}`))];

function taken(told: Telling): Read {
  const { pieces, read } = readIn(told);
  for (const _ of pieces);
  return read();
}

test.each(TEXTS)("comes as it was read, and in the words of the log: %#", (text) => {
  const loaded = loadText(text, { assumeHonoured: true });
  expect(loaded.config).not.toBeNull();
  const read = taken(tellingOf(loaded, KEY));
  expect(read.config).toStrictEqual(loaded.config);
  // The order of keys, too: what is made of a configuration's words names it.
  expect(JSON.stringify(read.config)).toBe(JSON.stringify(loaded.config));
  expect(read.diagnostics).toEqual(loaded.diagnostics);
  expect(read.words).toBe(loaded.config && JSON.stringify(redactConfig(loaded.config, KEY)));
});

test("the words of the log have no password, and what is used has it", () => {
  const { config, words } = taken(tellingOf(loadText(SECRET), KEY));
  expect(words).not.toContain("secret");
  expect(config?.routers[0]?.authentication).toEqual({ type: "pass", password: "secret" });
});

test("a file that cannot be used is told with what is wrong", () => {
  const { config, diagnostics } = taken(tellingOf(loadText("vrrp_instance {"), KEY));
  expect(config).toBeNull();
  expect(diagnostics.length).toBeGreaterThan(0);
});

test("what was compared beforehand decides as what was not, also when another configuration came between", () => {
  const configOf = (...addresses: readonly string[]): AgentConfig => {
    const { config } = loadText(INSTANCE.replace("192.0.2.10/24", addresses.join("\n    ")));
    if (config === null) throw new Error("it does not load");
    return config;
  };
  const key = configOf("192.0.2.10/24").routers[0]?.key ?? ("" as never);
  const facts: readonly Observation[] = [
    { type: "configured", config: configOf("192.0.2.10/24") },
    { type: "linkChanged", link: { name: "eth0", index: 2, up: true } },
    { type: "addressesChanged", interface: "eth0", added: ["192.0.2.2" as never], removed: [] },
    { type: "commanded", command: { type: "startup" } },
    { type: "deadlineReached", router: key },
  ];
  const [master, between] = [facts, [...facts, { type: "configured", config: configOf("192.0.2.12/24") } as const]].map(
    (seen) =>
      seen.reduce((state, one, i) => step(state, { at: instantAt(i * seconds(10)), seen: one }).state, initialState),
  );
  if (master === undefined || between === undefined) throw new Error("there are two");
  for (const state of [master, between]) {
    const wanted = configOf("192.0.2.10/24", "192.0.2.11/24");
    const compared = structuredClone(wanted);
    for (const _ of comparing(master.config, compared));
    const turns = [wanted, compared].map((config) =>
      step(state, { at: instantAt(seconds(100)), seen: { type: "configured", config } }),
    );
    expect(turns[0]?.effects.some(({ type }) => type === "addAddresses")).toBe(true);
    expect(turns[1]).toEqual(turns[0]);
  }
});
