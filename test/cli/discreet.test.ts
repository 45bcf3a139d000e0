// What the journal and the control socket are told of a configuration holds no password.

import { expect, test } from "vitest";
import { discreet, maskedFiles } from "../../agent/daemon/discreet.ts";
import { printDiagnostics } from "../../config/diagnostic.ts";
import { loadText } from "../config/memory.ts";

const PASSWORDS = ["Test123!rest", "geheim42 and more", '"zwoelf rosen blau"'];

const told = (password: string) =>
  loadText(
    `vrrp_instance A {
  interface eth0
  virtual_router_id 1
  priority 300
  authentication {
    auth_type PASS
    auth_pass ${password}
  }
  virtual_ipaddress {
    10.0.0.1/24
  }
}
`,
  );

test.each(PASSWORDS)("%s", (password) => {
  const { diagnostics, files } = told(password);
  const words = password
    .replaceAll('"', "")
    .split(/[ !]/)
    .filter((word) => word.length > 3);
  const about = diagnostics.filter(({ position }) => position.line === 7);
  expect(about.length, "diagnostics about the line with the password").toBeGreaterThan(0);
  const printed = printDiagnostics(discreet(diagnostics, files), maskedFiles(files), { colour: false });
  for (const word of words) expect(printed).not.toContain(word);
  // What has nothing to do with it is told as ever, and every excerpt keeps its columns.
  expect(printed).toContain("   4 |   priority 300");
  expect(discreet(diagnostics, files).map(({ position }) => position)).toEqual(diagnostics.map((d) => d.position));
});

test("a password in a block of one line, or in a macro, is told as little", () => {
  const { diagnostics, files } = loadText(`$PW=geheim42andmore
vrrp_instance A {
  interface eth0
  virtual_router_id 1
  authentication { auth_type PASS auth_pass zwoelf12 }
  virtual_ipaddress { 10.0.0.1/24 }
}
vrrp_instance B {
  interface eth0
  virtual_router_id 2
  authentication {
    auth_type PASS
    auth_pass $PW
  }
  virtual_ipaddress { 10.0.0.2/24 }
}
`);
  const print = (ours: typeof diagnostics, texts: typeof files) => printDiagnostics(ours, texts, { colour: false });
  // Whoever may read the file sees both.
  expect(print(diagnostics, files)).toMatch(/zwoelf12[\s\S]*geheim42/);
  const printed = print(discreet(diagnostics, files), maskedFiles(files));
  expect(printed).not.toMatch(/zwoelf12|geheim42/);
  expect(printed).toContain("   5 |   authentication { auth_type PASS auth_pass **********");
  expect(printed).toContain(`   1 | $PW=${"*".repeat("geheim42andmore".length)}`);
});
