// What a machine can be asked.

import type { IpAddress } from "../agent/core/address.ts";

/** An address that an interface has. */
export type OwnAddress = { readonly address: IpAddress; readonly prefixLength: number };

/** Facts about the machine. Each is optional, and all are absent when a file is checked for another one. */
export type Host = {
  readonly interfaceExists?: (name: string) => boolean;
  readonly userExists?: (name: string) => boolean;
  /** Whose programs are those that name nobody; root's where that cannot be told. */
  readonly ownUser?: () => string;
  readonly groupExists?: (name: string) => boolean;
  /** Why the program of a command cannot be run as that user, as a sentence; null when it can. */
  readonly cannotRun?: (program: string, user: string) => string | null;
  /** Whether somebody who is not root may change the program or a directory above it. */
  readonly othersMayWrite?: (program: string) => boolean;
  /** The addresses of an interface now; undefined where that cannot be told. */
  readonly addressesOf?: (name: string) => readonly OwnAddress[] | undefined;
  /** How long a packet on an interface may be; undefined where that cannot be told. */
  readonly mtuOf?: (name: string) => number | undefined;
  /** Whether a secondary address stays when the primary one goes. */
  readonly promotesSecondaries?: (name: string) => boolean;
};

/** As Keepalived: the user keepalived_script where it exists, else whoever heird is, and that is root where nothing says. */
export const defaultUser = (host: Host): string =>
  host.userExists?.("keepalived_script") === true ? "keepalived_script" : (host.ownUser?.() ?? "root");
