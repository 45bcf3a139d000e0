// The flight recorder: what it holds, what it writes around a transition, and that neither a torn file
// nor a bad disk nor a router that flaps does any harm.

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseAddress } from "../../agent/core/address.ts";
import type { RouterKey } from "../../agent/core/config.ts";
import type { Advertisement } from "../../agent/core/event.ts";
import { type Instant, instantAt, microseconds, seconds } from "../../agent/core/time.ts";
import { usualAgent } from "../../agent/core/usual.ts";
import { createRecorder, flightName, type RecorderOptions } from "../../agent/log/flight.ts";
import { type Flight, readFlight } from "../../agent/log/flight-read.ts";
import { createRing } from "../../agent/log/recorder.ts";

const KEY = "eth0/ipv4/51" as RouterKey;
const source =
  parseAddress("10.0.0.1") ??
  (() => {
    throw new Error("no address");
  })();
const advert = (priority: number): Advertisement => ({
  version: 3,
  vrid: 51,
  priority,
  maxAdverInterval: seconds(1),
  source,
  addresses: [],
  checksum: "plain",
});
const A = advert(150);

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A recorder whose clock stands where the test puts it. */
function recorderAt(options: Partial<RecorderOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), "heird-flight-"));
  folders.push(directory);
  const clock = { now: 0 };
  const recorder = createRecorder({
    directory,
    now: () => instantAt(clock.now),
    wall: () => 1_764_000_000_000 + clock.now / 1_000,
    identity: "rt1 epoch boot",
    ...options,
  });
  recorder.configure(usualAgent.eventLog);
  const read = (name: string): Flight => {
    const flight = readFlight(join(directory, name));
    if (flight === null) throw new Error(`${name} cannot be read`);
    return flight;
  };
  return { recorder, clock, directory, read };
}

const at = (s: number): Instant => instantAt(s * 1_000_000);

describe("the ring", () => {
  it("holds the last entries, whatever was there before", () => {
    const ring = createRing(8);
    for (let i = 0; i < 20; i++) ring.advert(at(i), (at(i) + 70) as Instant, KEY, A);
    expect([ring.begin(), ring.end()]).toEqual([12, 20]);
    expect(ring.entryAt(12)).toEqual({ at: at(12), kind: "advert", about: KEY, advert: A, detail: "", span: 70 });
    expect(() => createRing(10)).toThrow(RangeError);
  });

  it("allocates nothing for an advertisement", () => {
    const ring = createRing(1024);
    const many = (n: number): void => {
      for (let i = 0; i < n; i++) ring.advert(i as Instant, i as Instant, KEY, A);
    };
    many(200_000);
    const before = process.memoryUsage().heapUsed;
    many(200_000);
    // 200 000 objects of the smallest size would be 3 200 000 bytes; a collection in between only lowers it.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  });
});

describe("around a transition", () => {
  it("stands what was seen 30 s before and 10 s after, one by one, at the kernel's stamp", async () => {
    const { recorder, clock, read } = recorderAt();
    const ring = recorder.ring();
    for (let s = 0; s < 60; s++) ring.advert(at(s), (at(s) + 120) as Instant, KEY, A);
    clock.now = 60_000_000;
    ring.timer(at(60), (at(60) + 200) as Instant);
    const name = recorder.keep(1, 42, at(60));
    expect(name).toBe("00000001-000000000042.flight");
    ring.stall(at(65), microseconds(310_000));
    ring.collected(at(66), microseconds(1_800), "scavenge");
    ring.link(at(66), "eth0", false);
    ring.refused(at(67), at(67), "eth0", source, "ttl");
    for (let s = 68; s < 80; s++) ring.advert(at(s), at(s), KEY, advert(90));
    clock.now = 80_000_000;
    await recorder.close(5_000);
    const { lines, offset } = read(flightName(1, 42));
    // From 30 s on (and a second more, because stamps are a little out of order) until 70 s.
    const adverts = lines.filter(({ kind }) => kind === "advert");
    expect([adverts[0]?.at, adverts.at(-1)?.at]).toEqual([at(29), at(70)]);
    expect(adverts[0]).toMatchObject({ about: KEY, span: 120, words: ["10.0.0.1", "150", "1000000", "v3"] });
    expect(offset).toBe(1_764_000_000_000);
    const others = lines.filter(({ kind }) => kind !== "advert").map(({ kind, span, words }) => [kind, span, ...words]);
    expect(others).toEqual([
      ["timer", 200],
      ["stall", 310_000],
      ["gc", 1_800, "scavenge"],
      ["link", 0, "down"],
      ["refused", 0, "10.0.0.1", "ttl"],
    ]);
  });

  it("several that follow each other share a file, and nothing is written twice", async () => {
    const { recorder, clock, directory, read } = recorderAt();
    const ring = recorder.ring();
    const names = new Set<string | null>();
    for (let s = 0; s < 400; s++) {
      clock.now = s * 1_000_000;
      ring.advert(at(s), at(s), KEY, A);
      if (s % 5 === 0) names.add(recorder.keep(1, s, at(s)));
    }
    await recorder.close(5_000);
    // One begins at 0 s, and takes what comes within two minutes; the next ones begin behind it.
    expect(names.size).toBeLessThanOrEqual(4);
    const texts = readdirSync(directory).map((name) => readFileSync(join(directory, name), "utf8"));
    const all = texts.flatMap((text) => text.split("\n").filter((line) => /^\d+ advert /.test(line)));
    expect(all.length).toBeGreaterThan(300);
    // What comes before stands in the file before, and is read together with it.
    for (const name of readdirSync(directory).sort().slice(1))
      expect(read(name).lines[0]?.at).toBeLessThan(Number(name.slice(9, 21)) * 1e6);
    expect(new Set(all).size).toBe(all.length);
  });

  it("nothing is kept where there is no recorder", async () => {
    const { recorder, directory } = recorderAt();
    recorder.configure({ ...usualAgent.eventLog, recorder: microseconds(0) });
    recorder.ring().advert(at(1), at(1), KEY, A);
    expect(recorder.keep(1, 1, at(1))).toBeNull();
    await recorder.close(5_000);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe("a recording", () => {
  it("that is torn anywhere has the lines before the tear", async () => {
    const { recorder, clock, directory, read } = recorderAt();
    for (let s = 0; s < 5; s++) recorder.ring().advert(at(s), at(s), KEY, A);
    clock.now = 5_000_000;
    const name = recorder.keep(1, 1, at(5)) ?? "";
    await recorder.close(5_000);
    const file = join(directory, name);
    const whole = readFileSync(file);
    const { lines } = read(name);
    expect(lines).toHaveLength(5);
    for (let length = whole.length; length >= 0; length--) {
      truncateSync(file, length);
      const torn = readFlight(file);
      if (torn !== null) expect(lines.slice(0, torn.lines.length)).toEqual(torn.lines);
    }
    expect(readFlight(file)).toBeNull();
    expect(readFlight(join(directory, "nothing.flight"))).toBeNull();
  });

  it("that the disk refuses is given up, and said so", async () => {
    const { recorder, clock } = recorderAt({ openFile: () => Promise.reject(new Error("ENOSPC: no space left")) });
    recorder.ring().advert(at(1), at(1), KEY, A);
    clock.now = 2_000_000;
    expect(recorder.keep(1, 1, at(2))).not.toBeNull();
    await recorder.close(5_000);
    expect(recorder.status()).toMatchObject({ files: 1, error: "ENOSPC: no space left" });
  });

  it("that a disk takes for ever keeps nobody from ending", async () => {
    let refuse: (reason: Error) => void = () => {};
    const openFile = () =>
      new Promise<never>((_, reject) => {
        refuse = reject;
      });
    const { recorder } = recorderAt({ openFile });
    recorder.ring().advert(at(1), at(1), KEY, A);
    recorder.keep(1, 1, at(2));
    // Would not come back as long as the disk does not.
    await recorder.close(20);
    expect(recorder.status().error).toBeNull();
    refuse(new Error("EIO"));
    await until(() => recorder.status().error === "EIO");
  });

  it("ends when more was written in an hour than a disk should have to take", async () => {
    let written = 0;
    const openFile = () =>
      Promise.resolve({
        write: (text: string) => {
          written += text.length;
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    const { recorder, clock } = recorderAt({ openFile, capacity: 4_096, hourly: 500_000 });
    const ring = recorder.ring();
    // 4096 entries of some 50 bytes are 200 000 a file: three of them are more than 500 000.
    for (let flight = 0; flight < 8; flight++) {
      for (let i = 0; i < 4_096; i++) ring.advert(instantAt(clock.now), instantAt(clock.now), KEY, A);
      recorder.keep(1, flight, instantAt(clock.now));
      clock.now += 11_000_000;
      await until(() => recorder.status().unkept > 0 || written > (flight + 1) * 150_000);
      if (recorder.status().unkept > 0) break;
    }
    await recorder.close(5_000);
    expect(recorder.status().unkept).toBeGreaterThan(0);
    expect(written).toBeLessThan(500_000 + 256 * 100);
    clock.now += 3_600_000_000;
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 3_000 && !condition(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
}
