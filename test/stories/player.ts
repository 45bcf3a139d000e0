// Plays a story: each command, the turns it leads to, and how they are told.

import { parseAddress } from "../../agent/core/address.ts";
import type { CheckConfig } from "../../agent/core/check.ts";
import type { RouterConfig, RouterKey } from "../../agent/core/config.ts";
import type { Advertisement, Command as Asked, Link, Observation } from "../../agent/core/event.ts";
import { type Path, traceOf } from "../../agent/core/path.ts";
import { after } from "../../agent/core/time.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { checkOf, runOf } from "./checking.ts";
import {
  addressOf,
  GLOBAL_OPTIONS,
  globalsOf,
  type Options,
  optionsOf,
  ROUTER_OPTIONS,
  routerConfigOf,
  spanOf,
  wholeOf,
} from "./options.ts";
import { createStage, type Stage } from "./stage.ts";
import { type Command, readStory, type Scene, writeStory } from "./story.ts";
import { tell, tellState } from "./telling.ts";

/** The story as it really goes: equal to its text when all of it is true. Throws when it cannot be played. */
export function play(text: string): string {
  const parts = readStory(text);
  const act = createPlayer();
  return writeStory(text, parts, (scene) => actOut(scene, act));
}

function actOut({ line, commands }: Scene, act: (command: Command) => readonly string[]): readonly string[] {
  try {
    const lines = commands.flatMap(act);
    return lines.length === 0 ? ["ok"] : lines;
  } catch (error) {
    throw new Error(`line ${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** What a command may use: the stage, and the routers as the story has described them so far. */
type Play = {
  readonly stage: Stage;
  readonly routers: Map<string, Options>;
  readonly checks: Map<string, CheckConfig>;
  globals: Options;
};
type Act = (play: Play, words: readonly string[], details: Command["details"]) => readonly string[];

function createPlayer(): (command: Command) => readonly string[] {
  const play: Play = { stage: createStage(), routers: new Map(), checks: new Map(), globals: new Map() };
  return ({ words: [name = "", ...words], details }) => {
    const act = ACTS.get(name);
    if (act === undefined) throw new Error(`"${name}" is none of ${[...ACTS.keys()].join(" ")}`);
    if (details.length > 0 && name !== "reconfigure") throw new Error(`${name} takes no indented lines`);
    return act(play, words, details);
  };
}

const ACTS: ReadonlyMap<string, Act> = new Map<string, Act>([
  ["router", (play, words) => reconfigure(play, [describe(words)])],
  ["reconfigure", (play, words, details) => reconfigure(play, words.length > 0 ? [words, ...details] : details)],
  [
    "globals",
    (play, words) => {
      play.globals = optionsOf(words, GLOBAL_OPTIONS);
      return [];
    },
  ],
  [
    "check",
    (play, words) => {
      const check = checkOf(words);
      play.checks.set(check.name, check);
      return play.routers.size === 0 ? [] : reconfigure(play, []);
    },
  ],
  ["answer", ({ stage }, words) => tell(answers(stage, words), false)],
  ["startup", ({ stage }) => tell([stage.see({ type: "commanded", command: { type: "startup" } })], false)],
  ["shutdown", ({ stage }) => tell([stage.see({ type: "commanded", command: { type: "shutdown" } })], false)],
  ["drain", ({ stage }, words) => tell([operate(stage, "drain", words)], false)],
  ["resume", ({ stage }, words) => tell([operate(stage, "resume", words)], false)],
  ["promote", ({ stage }, words) => tell([operate(stage, "promote", words)], false)],
  ["link", ({ stage }, words) => tell([stage.see({ type: "linkChanged", link: linkOf(words) })], false)],
  ["source", ({ stage }, words) => tell([changeSource(stage, words)], false)],
  ["torn", ({ stage }, words) => tell([stage.see(lossOf(stage, words))], false)],
  ["claimed", ({ stage }, words) => tell([stage.see(claimOf(words))], false)],
  ["sent-again", ({ stage }) => tell([stage.see(recoveryOf(routerNamed(stage, undefined)))], false)],
  ["hear", ({ stage }, words) => tell([hear(stage, words)], false)],
  ["wait", ({ stage }, [span = ""]) => tell(stage.pass(spanOf(span), true), true)],
  ["busy", ({ stage }, [span = ""]) => tell([stage.see(workFor(stage, span))], false)],
  ["late", ({ stage }, [span = ""]) => tell(stage.pass(spanOf(span), false), true)],
  [
    "ring",
    ({ stage }) => tell([stage.see({ type: "deadlineReached", router: routerNamed(stage, undefined).key })], false),
  ],
  ["state", ({ stage }) => tellState(stage.state(), stage.now())],
]);

/** `router name=a priority=…` is `reconfigure a priority=…` of somebody new; the name may be left out. */
function describe(words: readonly string[]): readonly string[] {
  const named = words.find((word) => word.startsWith("name="));
  return [named?.slice("name=".length) ?? "a", ...words.filter((word) => word !== named)];
}

/** Each change is a name and what differs, or `removed`; all of them are one new configuration. */
function reconfigure(
  { stage, routers, checks, globals }: Play,
  changes: readonly (readonly string[])[],
): readonly string[] {
  for (const [name = "", ...words] of changes) {
    if (words.join(" ") !== "removed")
      routers.set(name, new Map([...(routers.get(name) ?? []), ...optionsOf(words, ROUTER_OPTIONS)]));
    else if (!routers.delete(name)) throw new Error(`there is no router ${name} to remove`);
  }
  const configs = [...routers].map(([name, options]) => routerConfigOf(name, options));
  const groups = groupsOf(configs.map(({ name, key }) => ({ group: routers.get(name)?.get("group"), key })));
  const config = {
    ...usualAgent,
    ...globalsOf(globals),
    routerId: "story",
    routers: configs,
    groups,
    checks: [...checks.values()],
  };
  return tell([stage.see({ type: "configured", config })], false);
}

/** `answer script/a good good bad`: one run after the other, at this instant. */
const answers = (stage: Stage, [check = "", ...words]: readonly string[]) =>
  words.map((word) => stage.see({ type: "checkReported", check, run: runOf(word, stage.now()) }));

function groupsOf(members: readonly { readonly group: string | undefined; readonly key: RouterKey }[]) {
  const names = new Set(members.flatMap(({ group }) => (group === undefined || group === "none" ? [] : [group])));
  return [...names].map((name) => ({
    name,
    members: members.filter(({ group }) => group === name).map(({ key }) => key),
    hooks: usualHooks,
  }));
}

function routerNamed(stage: Stage, name: string | undefined): RouterConfig {
  const { routers } = stage.state().config;
  const router = name === undefined && routers.length === 1 ? routers[0] : routers.find((one) => one.name === name);
  if (router === undefined) throw new Error(`which router? There are: ${routers.map((one) => one.name).join(" ")}`);
  return router;
}

/** `hear priority=100 from=10.0.0.2`: an advertisement as a neighbour of the same configuration sends it. */
function hear(stage: Stage, words: readonly string[]) {
  const said = optionsOf(words, ["router", "priority", "from", "interval"]);
  const config = routerNamed(stage, said.get("router"));
  const interval = said.get("interval");
  const advert: Advertisement = {
    version: config.version,
    vrid: config.vrid,
    priority: wholeOf(said.get("priority") ?? ""),
    maxAdverInterval: interval === undefined ? config.adverInterval : spanOf(interval),
    source: addressOf(said.get("from") ?? (config.family === "ipv4" ? "10.0.0.2" : "fe80::2")),
    addresses: config.virtualAddresses.map(({ address }) => address),
    checksum: config.version === 3 ? "pseudoHeader" : "plain",
  };
  return stage.see({ type: "advertReceived", router: config.key, advert });
}

/** `drain`, `drain a`, `drain for=2s`: an operator's command about one router, or about all. */
function operate(stage: Stage, type: "drain" | "resume" | "promote", words: readonly string[]) {
  const name = words.find((word) => !word.includes("="));
  const said = optionsOf(
    words.filter((word) => word !== name),
    ["for"],
  );
  const lasting = said.get("for");
  const routers = name === undefined ? null : [routerNamed(stage, name).key];
  const keys = routers ?? stage.state().config.routers.map(({ key }) => key);
  const commands: Readonly<Record<typeof type, Asked>> = {
    drain: { type: "drain", routers, lasts: lasting === undefined ? null : spanOf(lasting), reason: "" },
    resume: { type: "resume", routers },
    promote: { type: "promote", routers: keys, reason: "" },
  };
  return stage.see({ type: "commanded", command: commands[type] });
}

/** `busy 600ms`: something begins that may keep the daemon for so long. */
const workFor = (stage: Stage, span: string): Observation => ({
  type: "busyAhead",
  until: after(stage.now(), spanOf(span)),
});

/** `claimed 10.0.0.100`, or on another interface: somebody else says that the address is his. */
function claimOf([address = "", iface = "eth0"]: readonly string[]): Observation {
  const mac = "02:00:00:00:00:99";
  return { type: "addressClaimed", interface: iface, address: addressOf(address), mac, count: 1 };
}

/** `torn 192.0.3.0/24 500`: routes and rules, by destination and preference, that somebody else removes. */
function lossOf(stage: Stage, words: readonly string[]): Observation {
  const paths = stage.state().config.routers.flatMap((router) => router.paths);
  const named = (path: Path): string =>
    path.kind === "rule" ? String(path.preference) : `${path.to?.address}/${path.to?.length}`;
  const traces = words.map((word) => {
    const path = paths.find((one) => named(one) === word);
    if (path === undefined) throw new Error(`no route or rule ${word}; there are: ${paths.map(named).join(" ")}`);
    return traceOf(path);
  });
  return { type: "pathsLost", paths: traces, by: "" };
}

/** Advertisements go out again after they did not. */
const recoveryOf = ({ key: router }: RouterConfig): Observation => ({
  type: "effectDone",
  effect: "sendAdvert",
  router,
  took: spanOf("2s"),
  detail: "sent again",
  foreign: [],
});

/** `link eth0 down`; `gone` means that the interface exists no more. */
function linkOf([name = "", word = ""]: readonly string[]): Link {
  if (!["up", "down", "gone"].includes(word)) throw new Error(`a link is up, down or gone, not "${word}"`);
  return { name, index: word === "gone" ? 0 : 2, up: word === "up" };
}

/** `source 10.0.0.1 removed`, `source 10.0.1.1 added eth1`, and several addresses at once. */
function changeSource(stage: Stage, words: readonly string[]) {
  const addresses = words.filter((word) => parseAddress(word) !== undefined).map(addressOf);
  const [verb = "", iface = "eth0", ...more] = words.slice(addresses.length);
  if (addresses.length === 0 || !["added", "removed"].includes(verb) || more.length > 0)
    throw new Error("write: source ADDRESS added|removed [INTERFACE]");
  const none: typeof addresses = [];
  const [added, removed] = verb === "added" ? [addresses, none] : [none, addresses];
  return stage.see({ type: "addressesChanged", interface: iface, added, removed });
}
