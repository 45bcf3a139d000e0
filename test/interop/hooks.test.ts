// The same hook scripts under Keepalived and under heird: one that looks at its arguments, one for each
// state, one that reads the FIFO. What they are called with must be the same, byte for byte.

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readLog } from "../../agent/log/read.ts";
import { eventually } from "../netns/eventually.ts";
import { finish, makeHome, startHeird } from "../netns/heird.ts";
import { createLan, type Host, type Lan } from "../netns/lan.ts";
import { mustSkip } from "../netns/requirements.ts";

/** Calls by instance, in order, and the lines of the FIFO. */
type Record = {
  readonly calls: Readonly<globalThis.Record<string, readonly string[]>>;
  readonly fifo: readonly string[];
};

const RECORDER = (folder: string): string => `#!/bin/bash
# One line a call: what it is, and its arguments one by one. One write a line, since two may run at once.
name=$1; shift; printf -v words ' [%s]' "$@"; printf '%s%s\\n' "$name" "$words" >> ${folder}/calls
`;
/** What people write: a case statement over the arguments of notify. */
const CASE = (folder: string): string => `#!/bin/bash
TYPE=$1; NAME=$2; STATE=$3
case $STATE in
  MASTER|BACKUP|FAULT|STOP) echo "$NAME case [$TYPE] [$NAME] [$STATE] [$4] [$#]" >> ${folder}/calls ;;
  *) echo "$NAME unknown $*" >> ${folder}/calls; exit 1 ;;
esac
`;
const READER = (folder: string): string => `#!/bin/bash
# The path of the FIFO is the last argument.
while IFS= read -r line; do printf '%s\\n' "$line" >> ${folder}/fifo.lines; done < "\${!#}"
`;

const config = (folder: string): string => `
global_defs {
  script_user root
  vrrp_notify_fifo ${folder}/fifo
  vrrp_notify_fifo_script "${folder}/reader.sh one 'two words'"
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 1
  priority 100
  advert_int 0.2
  virtual_ipaddress { 192.168.1.1/24 }
  notify_master "${folder}/record.sh VI_1 master 'a \\"quoted\\" word' '$(touch ${folder}/executed)'"
  notify_backup "${folder}/record.sh VI_1 backup"
  notify_fault  "${folder}/record.sh VI_1 fault"
  notify_stop   "${folder}/record.sh VI_1 stop"
}
vrrp_instance VI_2 {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id 2
  priority 90
  advert_int 0.2
  virtual_ipaddress { 192.168.1.2/24 }
  notify "${folder}/case.sh"
}
`;

describe.skipIf(mustSkip("hooks beside Keepalived", ["ip", "bridge", "keepalived"]))("existing hook scripts", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    lan = await createLan("hooks", [{ name: "rt1", addresses: ["192.168.1.11/24"] }]);
  });
  afterAll(async () => {
    await lan.remove();
  });

  const fresh = (): string => {
    folder = mkdtempSync(join(tmpdir(), "heird-hooks-"));
    for (const [name, text] of [
      ["record.sh", RECORDER(folder)],
      ["case.sh", CASE(folder)],
      ["reader.sh", READER(folder)],
    ] as const) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
    writeFileSync(join(folder, "calls"), "");
    writeFileSync(join(folder, "fifo.lines"), "");
    return folder;
  };
  const lines = (name: string): readonly string[] =>
    readFileSync(join(folder, name), "utf8")
      .replaceAll(folder, "FOLDER")
      .split("\n")
      .filter((line) => line !== "");
  const recorded = (): Record => {
    const calls = lines("calls");
    const of = (name: string): readonly string[] => calls.filter((line) => line.startsWith(`${name} `));
    return { calls: { VI_1: of("VI_1"), VI_2: of("VI_2") }, fifo: [...lines("fifo.lines")].sort() };
  };
  /** Start, take over, lose the link, get it back, take over again, stop. */
  const live = async (rt1: Host, stop: () => Promise<unknown>): Promise<Record> => {
    const count = (wanted: number, what: string, read = wanted) =>
      eventually(what, () => lines("fifo.lines").length >= read && lines("calls").length >= wanted, {
        within: 30_000,
        otherwise: () => `${lines("calls").join("\n")}\n--\n${lines("fifo.lines").join("\n")}`,
      });
    await count(4, "both are Backup, then Master");
    await rt1.unplug();
    await count(6, "both are in FAULT");
    await rt1.plug();
    await count(10, "both are Backup and Master again");
    await stop();
    return recorded();
  };

  test("are called with the same arguments, in order, and read the same lines", async () => {
    const rt1 = lan.host("rt1");
    const keepalived = await rt1.startKeepalived(config(fresh()));
    const theirs = await live(rt1, () => keepalived.stop());
    rmSync(folder, { recursive: true });

    const home = makeHome(rt1, config(fresh()));
    const heird = await startHeird(rt1, home);
    try {
      expect(statSync(join(folder, "fifo")).isFIFO()).toBe(true);
      expect(statSync(join(folder, "fifo")).mode & 0o777).toBe(0o600);
      const ours = await live(rt1, () => heird.stop());
      // Keepalived starts the hooks of two transitions side by side; of each instance it is the set that counts.
      // It gives those of STOP, and the reader, one second, and ends them then: on a busy machine too soon.
      const sorted = ({ calls, fifo }: Record) => ({
        fifo: fifo.filter((line) => !line.includes("STOP")),
        calls: Object.fromEntries(
          Object.entries(calls).map(([name, list]) => [
            name,
            list.filter((line) => !/\[(stop|STOP)\]/.test(line)).sort(),
          ]),
        ),
      });
      expect(sorted(ours)).toEqual(sorted(theirs));
      // Ours come in the order of what happened.
      expect(ours.calls["VI_2"]?.map((line) => /\[(MASTER|BACKUP|FAULT|STOP)\]/.exec(line)?.[1]).slice(0, 5)).toEqual([
        "BACKUP",
        "MASTER",
        "FAULT",
        "BACKUP",
        "MASTER",
      ]);
      expect(() => statSync(join(folder, "executed"))).toThrow("ENOENT");
      expect(() => statSync(join(folder, "fifo"))).toThrow("ENOENT");
      const ended = readLog(home.stateDirectory).lines.flatMap((line) =>
        line.type === "event" && line.seen.type === "hookEnded" ? [line.seen] : [],
      );
      expect(ended.length).toBe(12);
      const beforeStop = ended.filter(({ event }) => !event.includes("/STOP/"));
      expect(beforeStop.map(({ outcome }) => outcome)).toEqual(beforeStop.map(() => "done"));
      expect(ended.every(({ final }) => final)).toBe(true);
      expect(new Set(ended.map(({ event, hook }) => `${event} ${hook}`)).size).toBe(12);
      finish(home);
    } finally {
      await heird.stop();
      home.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
