// The page itself: its text, and how it is made without holding the loop.

import { expect, test } from "vitest";
import { microseconds } from "../../agent/core/time.ts";
import { type Family, labelled, linesOf, sample, spread } from "../../agent/operate/exposition.ts";
import { histogram, measure } from "../../agent/operate/histogram.ts";
import { createPager } from "../../agent/operate/pager.ts";
import { fullPage } from "./full.ts";
import { parsePage } from "./page.ts";

test("text of version 0.0.4: help, type, escaped labels, cumulative buckets, in the order given", () => {
  const spans = histogram([1_000, 10_000]);
  for (const span of [500, 1_000, 5_000, 20_000]) measure(spans, microseconds(span));
  const families: readonly Family[] = [
    {
      name: "a_total",
      type: "counter",
      help: "one\\two\nthree",
      samples: [sample(3, labelled({ vr: 'a"\\\nb', n: 7 }))],
    },
    { name: "nothing", type: "gauge", help: "Not known.", samples: [] },
    { name: "b_seconds", type: "histogram", help: "Spans.", samples: spread(spans, labelled({ vr: "x" })) },
    {
      name: "c",
      type: "gauge",
      help: "Odd.",
      samples: [sample(Number.NaN), sample(Number.NEGATIVE_INFINITY, 'l="1"')],
    },
  ];
  // Cumulative: 0.5 ms and 1 ms are at most 1 ms; 5 ms at most 10 ms; 26.5 ms together.
  expect([...linesOf(families)].join("")).toBe(`# HELP a_total one\\\\two\\nthree
# TYPE a_total counter
a_total{vr="a\\"\\\\\\nb",n="7"} 3
# HELP b_seconds Spans.
# TYPE b_seconds histogram
b_seconds_bucket{vr="x",le="0.001"} 2
b_seconds_bucket{vr="x",le="0.01"} 3
b_seconds_bucket{vr="x",le="+Inf"} 4
b_seconds_sum{vr="x"} 0.0265
b_seconds_count{vr="x"} 4
# HELP c Odd.
# TYPE c gauge
c NaN
c{l="1"} -Inf
`);
});

test("the figures of two routers, worked out by hand", () => {
  const text = fullPage();
  const odd = 'vr="odd \\"name\\"",interface="eth0",vrid="51",family="ipv4"';
  const six = 'vr="six",interface="eth0",vrid="52",family="ipv6"';
  const lines = text.split("\n");
  for (const line of [
    `heird_vrrp_state{${odd},state="backup"} 1`,
    `heird_vrrp_state{${odd},state="master"} 0`,
    `heird_vrrp_master_info{${odd},master="10.0.0.9"} 1`,
    `heird_vrrp_master_priority{${odd}} 150`,
    // 6 s less 5.35 s.
    `heird_vrrp_advert_age_seconds{${odd}} 0.65`,
    // 3 s and 156/256 s.
    `heird_vrrp_master_down_interval_seconds{${odd}} 3.609375`,
    `heird_vrrp_skew_time_seconds{${odd}} 0.609375`,
    `heird_vrrp_adverts_received_total{${odd},result="accepted"} 5`,
    // 2.25 intervals between 2.1 s and 4.35 s: one did not come, and two were silent.
    `heird_vrrp_adverts_missed_total{${odd}} 1`,
    `heird_vrrp_near_failovers_total{${odd}} 1`,
    `heird_vrrp_advert_interarrival_seconds_count{${odd}} 4`,
    `heird_vrrp_advert_interarrival_seconds_sum{${odd}} 5.25`,
    `heird_vrrp_state{${six},state="master"} 1`,
    // One on becoming Master, one a second later.
    `heird_vrrp_adverts_sent_total{${six}} 2`,
    `heird_vrrp_transitions_total{${six},from="backup",to="master",reason="master_silent"} 1`,
    `heird_vrrp_state_seconds_total{${six},state="backup"} 3.609375`,
    `heird_vrrp_state_seconds_total{${six},state="master"} 2.390625`,
    `heird_vrrp_advert_send_lateness_seconds_sum{${six}} 0.02`,
    `heird_vrrp_advert_send_lateness_seconds_bucket{${six},le="0.01"} 0`,
    `heird_vrrp_advert_send_lateness_seconds_bucket{${six},le="0.025"} 1`,
    'heird_vrrp_advert_errors_total{interface="eth0",reason="checksum"} 3',
    "heird_notify_queue_length 2",
    "heird_log_head_seq 41",
    // 12 µs; 2 ms and 1 ms for 4096 and 4 bytes.
    'heird_log_append_seconds_bucket{le="0.00001"} 0',
    'heird_log_append_seconds_bucket{le="0.000025"} 1',
    "heird_log_fsync_seconds_sum 0.003",
    "heird_log_written_bytes_total 4100",
    "heird_log_errors_total 1",
    "heird_config_last_reload_success_timestamp_seconds 1764000000.5",
    // The wall clock at 6 s is ...010; it changed at 3.609375 s.
    `heird_vrrp_last_transition_timestamp_seconds{${six}} 1764000007.609375`,
  ])
    expect(lines).toContain(line);
  expect(text).toMatch(/^heird_config_info\{hash="[0-9a-f]{16}"\} 1$/m);
  for (const { name } of parsePage(text)) expect(name).toMatch(/^(heird|process)_/);
});

test("a page is made in slices, is good for a second, and one making serves all who ask meanwhile", async () => {
  let clock = 0;
  let begun = 0;
  const waiting: (() => void)[] = [];
  const pager = createPager(
    function* () {
      begun += 1;
      for (let i = 0; i < 64; i++) {
        clock += 0.05; // 16 lines are 0.8 ms, longer than a slice
        yield `line ${i}\n`;
      }
    },
    () => clock,
    (step) => waiting.push(step),
  );
  const both = [pager(), pager()];
  for (let slices = 0; slices < 4; slices++) {
    expect(waiting.length, `slice ${slices}`).toBe(1);
    for (const step of waiting.splice(0)) step();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first, second] = await Promise.all(both);
  expect(first).toBe(second);
  expect(first?.length).toBe(4);
  expect(first?.join("").split("\n").length).toBe(65);
  expect(begun).toBe(1);
  clock += 999;
  void pager();
  expect(begun, "it is good for a second from when it was asked for, and that is over").toBe(2);
});

test("a page that fails is not kept", async () => {
  let tries = 0;
  const pager = createPager(
    function* () {
      tries += 1;
      if (tries === 1) throw new Error("not now");
      yield "there\n";
    },
    () => 0,
  );
  await expect(pager()).rejects.toThrow("not now");
  expect(await pager()).toEqual(["there\n"]);
});
