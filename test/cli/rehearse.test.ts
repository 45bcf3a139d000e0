// heird rehearse: three files, played; what is told is worked out by hand.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { rehearse } from "../../agent/cli/rehearse.ts";
import { readStep } from "../../agent/rehearse/script.ts";

let folder = "";
const file = (name: string): string => join(folder, `${name}.conf`);
const conf = (name: string, priority: number, more = ""): void =>
  writeFileSync(
    file(name),
    `global_defs {
  router_id ${name}
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 1
  virtual_ipaddress {
    10.0.0.100/24
  }
${more}}
`,
  );

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "heird-rehearse-"));
  conf("a", 150, "  track_interface {\n    eth1\n  }\n");
  conf("b", 100);
  conf("c", 50);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Flags = Parameters<typeof rehearse>[1];
const USUAL: Flags = { "all-single-faults": false, json: true };

type Document = {
  readonly held: Readonly<Record<string, readonly { readonly from: number; readonly by: readonly string[] }[]>>;
  readonly timeline: readonly { readonly router: string | null; readonly says: string }[];
  readonly addresses: readonly { readonly gap: number; readonly holders: readonly string[]; readonly dual: number }[];
  readonly singleFaults: readonly { readonly sentence: string; readonly survived: boolean; readonly gap: number }[];
  readonly withoutFaults: readonly { readonly address: string; readonly holders: readonly string[] }[];
};

function played(names: readonly string[], flags: Partial<Flags>): { code: number; document: Document; text: string } {
  const told: string[] = [];
  const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    told.push(String(text));
    return true;
  });
  try {
    const code = rehearse(names.map(file), { ...USUAL, ...flags });
    const text = told.join("");
    return { code, text, document: (flags.json === false ? {} : JSON.parse(text)) as Document };
  } finally {
    write.mockRestore();
  }
}

describe("heird rehearse", () => {
  it("tells who holds the address when, and how long nobody did", () => {
    const { code, document } = played(["a", "b", "c"], { fault: ["at 10s kill a for 20s"], "max-gap": "4s" });
    expect(code).toBe(0);
    const holders = (document.held["10.0.0.100"] ?? []).filter(({ by }) => by.length === 1).map(({ by }) => by[0]);
    expect(holders).toEqual(["a", "b", "a"]);
    // b hears the last of a at most 1 s before its death, and waits 3 * 1 s + 156/256 s = 3.609375 s; the
    // unit takes the address away 50 ms after the death.
    const gap = document.addresses[0]?.gap ?? 0;
    expect(gap).toBeGreaterThan(2_609_375 - 50_000 - 1_000);
    expect(gap).toBeLessThanOrEqual(3_609_375 + 1_000);
  });

  it("ends with 6 when a gap is longer than may be", () => {
    expect(played(["a", "b", "c"], { fault: ["at 10s kill a"], "max-gap": "2s" }).code).toBe(6);
  });

  it("plays every single fault, and says which is not survived", () => {
    const { code, document } = played(["a", "b", "c"], { "all-single-faults": true });
    // Each of three: kill, crash, stop, unplug eth0; a tracks eth1 as well.
    expect(document.singleFaults).toHaveLength(13);
    expect(document.singleFaults.filter(({ survived }) => !survived)).toEqual([]);
    expect(code).toBe(0);
    // A resignation costs Skew_Time only: 156/256 s for b.
    const stop = document.singleFaults.find(({ sentence }) => sentence === "stop a");
    expect(stop?.gap).toBeGreaterThan(600_000);
    expect(stop?.gap).toBeLessThan(620_000);
    const alone = played(["a"], { "all-single-faults": true });
    expect(alone.code).toBe(6);
    expect(alone.document.singleFaults.every(({ survived }) => survived)).toBe(false);
  });

  it("fails where two hold an address while nothing fails, whatever each fault makes of it", () => {
    conf("deaf", 100, "  authentication {\n    auth_type PASS\n    auth_pass other\n  }\n");
    const { code, text } = played(["b", "deaf"], { json: false, "all-single-faults": true });
    expect(text).toMatch(
      /every one of 8 single faults is survived\nwhile nothing fails, 10\.0\.0\.100 is held by b and deaf\n/,
    );
    expect(code).toBe(6);
    const { document } = played(["b", "deaf"], { "all-single-faults": true });
    expect(document.withoutFaults).toMatchObject([{ address: "10.0.0.100", holders: ["b", "deaf"] }]);
    expect(played(["a", "b"], { "all-single-faults": true }).document.withoutFaults).toEqual([]);
  });

  it("plays the same with the same seed, and something else with another", () => {
    const lossy = { loss: "20%", fault: ["at 60s kill a"] };
    expect(played(["a", "b"], { ...lossy, seed: "7" }).text).toBe(played(["a", "b"], { ...lossy, seed: "7" }).text);
    expect(played(["a", "b"], { ...lossy, seed: "8" }).text).not.toBe(played(["a", "b"], { ...lossy, seed: "7" }).text);
  });

  it("tells two Masters on a LAN that is torn apart, and takes sentences from a file", () => {
    const script = join(folder, "night");
    writeFileSync(script, "# a bad night\nat 5s partition a | b for 10s\n");
    const { document } = played(["a", "b"], { script });
    // From b's Master_Down_Interval on until the LAN is whole: at least 10 s - 3.609375 s.
    expect(document.addresses[0]?.dual).toBeGreaterThan(6_390_000);
    expect(document.addresses[0]?.holders).toEqual(["a"]);
    expect(document.timeline.map(({ says }) => says)).toContain("partition a | b");
  });

  it("tells it to people", () => {
    const { text } = played(["a", "b"], { json: false, fault: ["at 1s stop a"], "all-single-faults": true });
    expect(text).toMatch(/1\.000s {2}\* stop a/);
    expect(text).toMatch(/every one of 9 single faults is survived/);
  });

  it("refuses what it does not understand, and says what it does", () => {
    const misread = (text: string) => readStep(text, { names: ["a", "b"] });
    expect(misread("kill a")).toMatchObject({ column: 1, says: "it does not begin with a time" });
    expect(misread("at ten kill a")).toMatchObject({ column: 4, length: 3, says: '"ten" is no time' });
    expect(misread("at 1s kill z")).toEqual({
      column: 12,
      length: 1,
      says: "there is no z",
      help: "the routers are a, b",
    });
    expect(misread("at 1s kil a")).toMatchObject({ column: 7, help: expect.stringMatching(/^did you mean kill\?/) });
    expect(misread("at 1s tickle a")).toMatchObject({ help: expect.stringMatching(/^it is one of kill NODE;/) });
    expect(misread("at 1s partition a")).toMatchObject({ help: "write partition NODE... | NODE..." });
    expect(misread("at 1s kill a for ever")).toMatchObject({ column: 18, says: '"ever" is no time' });
    expect(misread("at 1441m kill a")).toMatchObject({ column: 4, help: "write 1440m at most" });
    expect(misread("at 1s kill a for 86401s")).toMatchObject({ column: 18, help: "write 1440m at most" });
    expect(misread("at 1s pause a")).toMatchObject({ help: "write pause a for 2s" });
    expect(misread("at 1s cut a from a")).toMatchObject({ help: "name two routers" });
    expect(misread("at 1s loss 101%")).toMatchObject({ column: 12, help: "write 0% to 100%" });
    expect(() => played(["a"], { fault: ["at 1s unplug a eth7"] })).toThrow(
      "--fault:16: a has no interface called eth7\n  | at 1s unplug a eth7\n  |                ^^^^\n  = help: it has eth0, eth1",
    );
    expect(() => played(["a"], { fault: ["at 1s fail chk_typo on a"] })).toThrow(/no check that it tracks called/);
    expect(() => played(["a"], { loss: "much" })).toThrow(/--loss is a percentage/);
  });

  it("names every line of a script that it does not understand", () => {
    const script = join(folder, "wrong");
    writeFileSync(script, "at 1s kill a # fine\n\nat 2s explode b\nat 3s kill q\n");
    expect(() => played(["a", "b"], { script })).toThrow(
      /wrong:3:7: "explode" cannot be done[\s\S]*wrong:4:12: there is no q/,
    );
  });
});
