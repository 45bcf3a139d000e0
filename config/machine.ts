// The machine this runs on, as far as its files tell.

import { accessSync, constants, existsSync, readFileSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { parseAddress } from "../agent/core/address.ts";
import { isKnown } from "../agent/users/lookup.ts";
import { programAt, whoElseMayWrite } from "../agent/users/trust.ts";
import type { Host, OwnAddress } from "./host-facts.ts";

/** Facts about this machine. */
export const thisMachine: Host = {
  interfaceExists: (name) => existsSync(`/sys/class/net/${name}`),
  userExists: (name) => isKnown("passwd", name),
  groupExists: (name) => isKnown("group", name),
  cannotRun: (program) => {
    const paths = program.includes("/") ? [program] : SEARCH.map((directory) => `${directory}/${program}`);
    const reasons = paths.map(whyNotRun);
    return reasons.includes(null) ? null : (reasons[0] ?? "its name is empty");
  },
  othersMayWrite: (program) => whoElseMayWrite(programAt(program, SEARCH)) !== null,
  addressesOf: (name) => {
    // An address with a label stands under its label.
    const found = Object.entries(networkInterfaces()).filter(([one]) => one === name || one.startsWith(`${name}:`));
    return found.flatMap(([, list]) => (list ?? []).flatMap(({ cidr }) => ownAddress(cidr)));
  },
  mtuOf: (name) => {
    try {
      return Number(readFileSync(`/sys/class/net/${name}/mtu`, "utf8"));
    } catch {
      return undefined;
    }
  },
  promotesSecondaries: (name) => isSet(`/proc/sys/net/ipv4/conf/${name}/promote_secondaries`) || isSet(ALL_PROMOTE),
};

/**
 * For the daemon, which looks for interfaces itself and waits for them: the same without them. It knows who runs what
 * it starts; whoever checks a file may be somebody else.
 */
export const machineOfDaemon: Host = {
  ...Object.fromEntries(Object.entries(thisMachine).filter(([fact]) => fact !== "interfaceExists")),
  ownUser: () => (process.getuid?.() === 0 ? "root" : String(process.getuid?.())),
};

const ALL_PROMOTE = "/proc/sys/net/ipv4/conf/all/promote_secondaries";

function isSet(path: string): boolean {
  try {
    return readFileSync(path, "utf8").trim() !== "0";
  } catch {
    return false;
  }
}

function ownAddress(cidr: string | null): OwnAddress[] {
  const [text = "", length = ""] = (cidr ?? "").split("/");
  const address = parseAddress(text);
  return address === undefined ? [] : [{ address, prefixLength: Number(length) }];
}

/** Where Keepalived looks for a program without a path, too. */
const SEARCH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

function whyNotRun(path: string): string | null {
  try {
    if (!statSync(path).isFile()) return "it is no regular file";
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Why a file cannot be used, for people. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT") return "it does not exist";
  if (code === "EACCES") return "permission denied";
  return error instanceof Error ? error.message : String(error);
}
