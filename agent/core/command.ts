// What somebody asked of the agent, in words.

import type { RouterKey } from "./config.ts";
import type { Command } from "./event.ts";
import { inSeconds } from "./time.ts";

/** What operators ask of virtual routers. */
export type Operation = Extract<Command, { readonly type: "drain" | "resume" | "promote" }>;

/** `drain of eth0/ipv4/51 for 1800s: "kernel update"`. */
export function commandInWords(command: Command): string {
  switch (command.type) {
    case "startup":
    case "shutdown":
      return command.type;
    case "drain": {
      const lasting = command.lasts === null ? "" : ` for ${inSeconds(command.lasts)}`;
      return `drain of ${named(command.routers)}${lasting}${quoted(command.reason)}`;
    }
    case "resume":
      return `resume of ${named(command.routers)}`;
    case "promote":
      return `promote of ${named(command.routers)}${quoted(command.reason)}`;
  }
}

const named = (routers: readonly RouterKey[] | null): string =>
  routers === null ? "everything" : routers.join(" and ");

const quoted = (reason: string): string => (reason === "" ? "" : `: "${reason}"`);
