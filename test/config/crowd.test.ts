// When instances are so many that each has a place of its own to advertise in.

import { expect, test } from "vitest";
import { loadText } from "./memory.ts";

const instances = (count: number): string =>
  Array.from(
    { length: count },
    (_, i) => `vrrp_instance VI_${i + 1} {
  version 3
  interface eth0
  virtual_router_id ${i + 1}
  advert_int 0.1
  virtual_ipaddress {
    192.0.2.${i + 1}
  }
}
`,
  ).join("");

const crowdedOf = (count: number) => loadText(instances(count)).config?.routers.map(({ crowded }) => crowded);

test("sixteen are no crowd, seventeen are", () => {
  expect(crowdedOf(16)).toEqual(Array.from({ length: 16 }, () => false));
  expect(crowdedOf(17)).toEqual(Array.from({ length: 17 }, () => true));
});
