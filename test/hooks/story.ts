// A notice with everything in it, some of it nasty.

import { routerKeyOf } from "../../agent/core/config.ts";
import type { Notice } from "../../agent/core/effect.ts";
import { instantAt } from "../../agent/core/time.ts";
import { usualHooks } from "../../agent/core/usual.ts";
import { ip } from "../log/history.ts";

export const NASTY = "VI \"1'\n$(touch /tmp/heird-injected) `id` ; %s";

export const notice = (wanted: Partial<Notice> = {}): Notice => ({
  at: instantAt(5_000_000),
  kind: "INSTANCE",
  name: "VI_1",
  word: "MASTER",
  router: routerKeyOf("eth0", "ipv4", 51),
  group: "G",
  from: "backup",
  to: "master",
  because: "master_silent",
  cause: [
    { at: instantAt(1_390_625), what: "192.168.1.12 advertised priority 90" },
    { at: instantAt(5_000_000), what: "time was up" },
  ],
  priority: 100,
  basePriority: 110,
  interface: "eth0",
  family: "ipv4",
  vrid: 51,
  addresses: ["192.168.1.1/24", "192.168.1.2/24"],
  masterBefore: { address: ip("192.168.1.12"), priority: 90, self: false },
  masterAfter: { address: ip("192.168.1.11"), priority: 100, self: true },
  hooks: usualHooks,
  ...wanted,
});
