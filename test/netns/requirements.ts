// What tests in namespaces need of a machine. Where it is missing they say so and skip; under CI
// nothing may skip, or a machine without root would be green for having tested nothing.

import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs and the Debian packages they come from. */
const PACKAGES = {
  ip: "iproute2",
  bridge: "iproute2",
  keepalived: "keepalived",
  nft: "nftables",
  prlimit: "util-linux",
  radvd: "radvd",
  setpriv: "util-linux",
  strace: "strace",
  "systemd-analyze": "systemd",
  tcpdump: "tcpdump",
  vrrpd: "frr",
} as const;

export type Tool = keyof typeof PACKAGES;

function found(tool: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/lib/frr"];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** systemd-analyze reads files and needs neither namespaces nor root. */
const inNamespaces = (tool: Tool): boolean => tool !== "systemd-analyze";

/** Why these tools cannot be used here, as a sentence with its remedy; null when they can. */
export function whyUnusable(tools: readonly Tool[]): string | null {
  if (process.platform !== "linux") return `network namespaces need Linux; this is ${process.platform}`;
  if (tools.some(inNamespaces) && process.getuid?.() !== 0) return "network namespaces need root: run it with sudo";
  const missing = [...new Set(tools.filter((tool) => !found(tool)).map((tool) => PACKAGES[tool]))];
  return missing.length === 0 ? null : `missing programs: apt-get install ${missing.join(" ")}`;
}

/** Whether skipping is an error here: under CI, and wherever HEIRD_NO_SKIP is set. */
export const skippingIsAnError = (env: Readonly<Record<string, string | undefined>> = process.env): boolean =>
  (env["HEIRD_NO_SKIP"] ?? "") !== "" || env["CI"] === "true" || env["CI"] === "1";

/**
 * For `describe.skipIf`: whether these tests must be skipped, which is when there is a reason. Says
 * why, loudly; throws instead where nothing may skip.
 */
export function skipBecause(what: string, reason: string | null): boolean {
  if (reason === null) return false;
  if (skippingIsAnError()) throw new Error(`${what} cannot run here, and nothing may be skipped: ${reason}`);
  process.stderr.write(`\nSKIPPED: ${what}: ${reason}\n`);
  return true;
}

/** The same for tests that need Linux, root and programs. */
export const mustSkip = (what: string, tools: readonly Tool[]): boolean => skipBecause(what, whyUnusable(tools));
