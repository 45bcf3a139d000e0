// replay --what-if-config: the checks and the thresholds of the other file count, not only its instances.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { replay } from "../../agent/cli/replay.ts";
import type { Run } from "../../agent/core/check.ts";
import { instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { good } from "../../checks/check.ts";
import { run } from "../audit/command.ts";
import { belief, check } from "../checks/ask.ts";
import { scratch } from "../log/scratch.ts";
import { createLan, router } from "./two-nodes.ts";

const { directory, clear } = scratch();
afterAll(clear);

const file = (fall: number): string => `global_defs {
  vrrp_version 3
}
vrrp_check t {
  tcp 192.0.2.1 80
  fall ${fall}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 1
  priority 150
  advert_int 1
  virtual_ipaddress {
    10.0.0.100
  }
  track_check {
    t weight 0
  }
}
`;

it("fold the same answers by the thresholds of that file", async () => {
  const at = directory();
  mkdirSync(at, { recursive: true });
  const lan = createLan();
  const asked = check({ kind: "tcp", host: "192.0.2.1", port: 80, send: null, expect: [] });
  const counts = { rise: 1, fall: 3 };
  const tcp = { ...asked, name: "check/t", belief: belief({ master: counts, backup: counts }) };
  const tracks = [{ check: "check/t", weight: 0, reverse: false }];
  const node = lan.checking("hA", "10.0.0.1", [tcp], router("priority=150", { tracks }));
  const none = microseconds(0);
  const answer: Run = { ...good("x"), started: instantAt(0), queued: none, took: none, skipped: 0 };
  // Good for 20 s, bad five times, good again.
  for (let i = 0; i < 40; i++) {
    node.see({ type: "checkReported", check: "check/t", run: { ...answer, ok: i < 20 || i >= 25 } });
    lan.pass(seconds(1));
  }
  writeFileSync(join(at, "00000001.jsonl"), node.texts().join(""));
  const faults = async (fall: number) => {
    writeFileSync(join(at, "other.conf"), file(fall));
    const asking = { step: false, verify: false, json: true, "what-if-config": join(at, "other.conf") };
    const { text } = await run(() => replay(join(at, "00000001.jsonl"), asking));
    const { was, would } = JSON.parse(text) as { was: readonly Changed[]; would: readonly Changed[] };
    return [was, would].map((all) => all.filter(({ from, to }) => from === "master" && to === "fault").length);
  };
  expect(await faults(5)).toEqual([1, 1]);
  expect(await faults(6)).toEqual([1, 0]);
});

type Changed = { readonly from: string; readonly to: string };
