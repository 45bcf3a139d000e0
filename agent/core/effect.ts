// What can be wanted, as values addressed to the world. The order inside one turn is part of the
// contract: the advertisement first, because the LAN waits for it; the announcement last, because
// it points at addresses that must be there.

import type { IpAddress } from "./address.ts";
import type { RouterKey, VirtualAddress } from "./config.ts";
import type { Path } from "./path.ts";

export type Effect =
  | {
      readonly type: "sendAdvert";
      readonly router: RouterKey;
      /** 0..255; PRIORITY_STOP to resign. */
      readonly priority: number;
      readonly source: IpAddress;
    }
  | { readonly type: "addAddresses"; readonly router: RouterKey; readonly addresses: readonly VirtualAddress[] }
  | { readonly type: "removeAddresses"; readonly router: RouterKey; readonly addresses: readonly VirtualAddress[] }
  /** Routes and rules, in the order given; after the addresses they need. */
  | { readonly type: "addPaths"; readonly router: RouterKey; readonly paths: readonly Path[] }
  /** Before the addresses they need, and rules before the routes. */
  | { readonly type: "removePaths"; readonly router: RouterKey; readonly paths: readonly Path[] }
  | {
      readonly type: "announce";
      readonly router: RouterKey;
      readonly addresses: readonly VirtualAddress[];
      /** How many rounds; each covers every address once. */
      readonly rounds: number;
    };

export type EffectType = Effect["type"];
