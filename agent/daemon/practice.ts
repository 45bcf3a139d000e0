// A configuration that nobody wrote, for whoever reads one for practice: what has never run takes twice as long.

import type { Host } from "../../config/host-facts.ts";
import type { FileReader } from "../../config/include.ts";
import { type Loaded, loadConfig } from "../../config/load.ts";
import { parseAddress } from "../core/address.ts";

/** Readings, and instances in each: after so many the code that they run is optimized. */
const ROUNDS = 40;
const INSTANCES = 20;

/** Of the file, the interface and, with numbers, the instances. */
const NAME = "practice";

const instance = (vrid: number): string => `vrrp_instance ${NAME}_${vrid} {
  state BACKUP
  interface ${NAME}
  virtual_router_id ${vrid}
  priority ${100 + vrid}
  version ${2 + (vrid % 2)}
  advert_int 1
  ${vrid % 2 === 0 ? "authentication {\n    auth_type PASS\n    auth_pass practice\n  }" : "# version 3 has none"}
  track_interface {
    ${NAME}
  }
  virtual_ipaddress {
    192.0.2.${vrid}/32
    198.51.100.${vrid}/24 dev ${NAME}
  }
  virtual_ipaddress_excluded {
    203.0.113.${vrid}/32
    203.0.113.${100 + vrid}/32
  }
}
`;

const TEXT = [
  `global_defs {\n  router_id ${NAME}\n  vrrp_version 3\n}\n`,
  ...Array.from({ length: INSTANCES }, (_, i) => instance(i + 1)),
].join("");
const reader: FileReader = { read: () => ({ ok: true, text: TEXT }), list: () => [] };
const own = parseAddress("192.0.2.254");
/** A machine where few addresses are where they belong, as in many a file. */
const host: Host = {
  addressesOf: () => (own === undefined ? [] : [{ address: own, prefixLength: 24 }]),
  promotesSecondaries: () => false,
};

/** Reads it again and again, a piece at a time. */
export function* practise(): IterableIterator<Loaded> {
  for (let i = 0; i < ROUNDS; i++) yield loadConfig(NAME, { reader, host, configId: NAME });
}
