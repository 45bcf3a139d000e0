// Whatever a file says, reading it ends: in bounded time and memory, with a clear error.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { virtualRouters } from "../../config/cluster.ts";
import { excerptsOf, printDiagnostics } from "../../config/diagnostic.ts";
import type { Loaded } from "../../config/load.ts";
import { checkPair } from "../../config/pair.ts";
import { electionOf } from "../../config/winner.ts";
import { corpusFiles, corpusIsThere, loadCorpusFile } from "./corpus.ts";
import { edit, edits } from "./edits.ts";
import { loadText } from "./memory.ts";

const codes = ({ diagnostics }: Loaded) => new Set(diagnostics.map(({ code }) => code));

const instance = (i: number) => `vrrp_instance VI_${i} {
  state BACKUP
  interface eth${i >> 7}
  virtual_router_id ${(i % 250) + 1}
  priority ${(i % 250) + 1}
  virtual_ipaddress {
    10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}/24
  }
}
`;

/** What a function gives, and the milliseconds of processor time it took: a machine may have other things to do. */
function timed<T>(run: () => T): readonly [T, number] {
  const begin = process.cpuUsage();
  const result = run();
  const { user, system } = process.cpuUsage(begin);
  return [result, (user + system) / 1_000];
}

test("10 000 instances are all there, and take about ten times as long as 1 000", () => {
  const text = (n: number) => Array.from({ length: n }, (_, i) => instance(i)).join("");
  loadText(text(1_000));
  const [, small] = timed(() => loadText(text(1_000)));
  const [loaded, large] = timed(() => loadText(text(10_000)));
  expect(loaded.declaration.instances).toHaveLength(10_000);
  // 10 for the size; the rest is for the collector. A square would be 100.
  expect(large / small).toBeLessThan(40);
});

test("a file of 10 MB is read", () => {
  const text = `${instance(1)}${"# a comment, and nothing else, on each of these lines\n".repeat(200_000)}`;
  expect(text.length).toBeGreaterThan(10_000_000);
  const [loaded, took] = timed(() => loadText(text));
  expect(loaded.config?.routers).toHaveLength(1);
  expect(took).toBeLessThan(5_000);
});

test("a file of 10 MB without one right word ends with a bounded list", () => {
  const [loaded, took] = timed(() => loadText("wrong words { } here\n".repeat(500_000)));
  expect(loaded.config).toBeNull();
  expect(loaded.diagnostics.length).toBeLessThanOrEqual(1_001);
  expect(codes(loaded)).toContain("H0016");
  expect(took).toBeLessThan(15_000);
});

test("one line of 10 MB is read", () => {
  const [loaded, took] = timed(() => loadText(`router_id ${"x ".repeat(5_000_000)}\n`));
  expect(loaded.config).toBeNull();
  expect(took).toBeLessThan(15_000);
});

test("a word of 8 MB is not told whole", () => {
  const word = "x".repeat(8_000_000);
  const { diagnostics, files } = loadText(`${instance(1)}vrrp_instance ${word} {\npriority ${word}\n${word} 1\n}\n`);
  expect(diagnostics.map(({ code }) => code)).toEqual(expect.arrayContaining(["H0001", "H0101", "H0204"]));
  expect(printDiagnostics(diagnostics, files, { colour: false }).length).toBeLessThan(20_000);
});

test("an include that includes itself is an error at the include", () => {
  const loaded = loadText(
    "include a.conf\n",
    {},
    { "/etc/heird/a.conf": "include b.conf\n", "/etc/heird/b.conf": "include /etc/heird/../heird/a.conf\n" },
  );
  expect(loaded.diagnostics.filter(({ code }) => code === "H0032").map(({ position }) => position.file)).toEqual([
    "/etc/heird/b.conf",
  ]);
});

test("a macro that refers to itself is an error", () => {
  expect(codes(loadText("$A=$B\n$B=$A\n$A\n"))).toContain("H0032");
  expect(codes(loadText(`$A=\${A}\${A}\n\${A}\n`))).toContain("H0032");
});

test("macros that double each other end at their budget", () => {
  const lines = Array.from({ length: 60 }, (_, i) => `$M${i}=\${M${i + 1}} \${M${i + 1}}`);
  const [loaded, took] = timed(() => loadText(`${lines.join("\n")}\n$M60=boom\nrouter_id $M0\n`));
  expect([...codes(loaded)].some((code) => code === "H0031" || code === "H0032")).toBe(true);
  expect(loaded.config).toBeNull();
  expect(took).toBeLessThan(5_000);
});

test("macros that hold nothing and double each other end as well", () => {
  const lines = Array.from({ length: 60 }, (_, i) => `$M${i}=\${M${i + 1}}\${M${i + 1}}`);
  const [loaded, took] = timed(() => loadText(`${lines.join("\n")}\n$M60=\n~SEQ(x,\${M0}) y\ninclude \${M0}\n`));
  expect(loaded.config).toBeNull();
  expect(took).toBeLessThan(5_000);
});

test("a ~SEQ of a billion is refused before a line is written", () => {
  const [loaded, took] = timed(() => loadText("~SEQ(i,1,1000000000) $i\n"));
  expect(codes(loaded)).toContain("H0023");
  expect(took).toBeLessThan(1_000);
});

test("~SEQ within ~SEQ within ~SEQ ends at the budget", () => {
  const [loaded, took] = timed(() => loadText("~SEQ(i,1,90000)~SEQ(j,1,90000)~SEQ(k,1,90000) $i $j $k\n"));
  expect(codes(loaded)).toContain("H0031");
  expect(took).toBeLessThan(10_000);
});

test("a million braces end", () => {
  for (const text of [
    "{".repeat(1_000_000),
    "}".repeat(1_000_000),
    "a {".repeat(300_000),
    "vrrp_instance a { ".repeat(100_000),
  ]) {
    const [loaded, took] = timed(() => loadText(text));
    expect(loaded.config).toBeNull();
    expect(took).toBeLessThan(10_000);
  }
});

/** Edits of real files; HEIRD_EDITS sets how many. */
const RUNS = Number(process.env["HEIRD_EDITS"] ?? 2_000);
/** What is promised of one edit. */
const PROMISED = 100;

/** Reads a text, shows what is wrong with it, and compares it with itself: all that a person can ask of it. */
function everything(text: string): Loaded {
  const loaded = loadText(text, { portable: text.length % 2 === 0 });
  printDiagnostics(loaded.diagnostics, loaded.files, { colour: false });
  const pair = ["a", "b"].map((path) => ({ path, declaration: loaded.declaration }));
  const routers = virtualRouters(pair);
  checkPair(pair, routers, () => undefined);
  for (const router of routers) electionOf(router, () => undefined);
  return loaded;
}

function expectInside({ diagnostics, files }: Loaded): void {
  const places = diagnostics.flatMap(({ position, notes }) => [position, ...notes.map((note) => note.position)]);
  const lines = excerptsOf(files);
  for (const place of places) {
    const line = lines(place.file, place.line);
    if (line === undefined || place.column < 1 || place.column - 1 + place.length > line.length)
      throw new Error(`outside: ${JSON.stringify(place)}`);
  }
}

describe("edited files", () => {
  const sample = `$P=100\n${instance(1)}vrrp_sync_group G {\n group { VI_1 }\n}\nvrrp_script c {\n script "/bin/true -x 'a b'"\n}\n~SEQ(i,2,4) ~LST(j,5,6) # $i$j\ninclude other.conf\n`;
  const texts = corpusIsThere
    ? corpusFiles().map((file) => [...loadCorpusFile(file).files.values()][0] ?? "")
    : [sample];

  test(`${RUNS} random edits: no crash, no hang, every position inside the input`, {
    timeout: 60_000 + RUNS * 50,
  }, async ({ annotate }) => {
    let slowest = 0;
    let paused = 0;
    const begin = performance.now();
    fc.assert(
      fc.property(edits, ([pick, changes]) => {
        const text = changes.reduce(edit, texts[pick % texts.length] ?? sample);
        const [loaded, took] = timed(() => everything(text));
        expectInside(loaded);
        slowest = Math.max(slowest, took);
        if (took < PROMISED) return;
        // The compiler and the collector work in between, on their own account; not five times over one text.
        paused++;
        const again = Math.min(...Array.from({ length: 4 }, () => timed(() => everything(text))[1]));
        if (again >= PROMISED) throw new Error(`${again} ms`);
      }),
      { numRuns: RUNS },
    );
    const whole = Math.round((performance.now() - begin) / 1000);
    await annotate(`${RUNS} edits in ${whole} s, the slowest ${Math.round(slowest)} ms, ${paused} read again`);
  });
});
