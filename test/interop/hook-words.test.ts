// What programs find under Keepalived and under heird: as whom they run, with which words, groups and umask, and
// what instances, groups and pipes are told of states, priorities and reloads. Each file is given to both.

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../netns/eventually.ts";
import { finish, makeHome, startHeird } from "../netns/heird.ts";
import { startKeepalived } from "../netns/keepalived.ts";
import { createLan, type Host, type Lan } from "../netns/lan.ts";
import { mustSkip } from "../netns/requirements.ts";

/** One line a call, in one write: its name, its words, its umask, and who it is. */
const RECORDER = (folder: string): string => `#!/bin/bash
printf -v words ' [%q]' "$@"
printf '%s%s umask %s is %s of %s\\n' "\${0##*/}" "$words" "$(umask)" "$(id -un)" "$(id -Gn)" >> ${folder}/calls
`;
const READER = (folder: string): string => `#!/bin/bash
while IFS= read -r line; do printf '%s\\n' "$line" >> ${folder}/lines; done < "\${!#}"
`;

const router = (name: string, vrid: number, extra: string): string => `
vrrp_instance ${name} {
  state BACKUP
  interface eth0
  version 3
  virtual_router_id ${vrid}
  priority 100
  advert_int 0.2
  virtual_ipaddress { 192.168.1.${100 + vrid}/24 }
  ${extra}
}
`;

const hooks = (at: string, name: string): string =>
  ["master", "backup", "fault", "stop"].map((word) => `notify_${word} "${at}/hook.sh ${name} ${word}"`).join("\n  ");
/** A group and its members; each is told everything. */
const globals = (at: string): string => `
global_defs {
  script_user root
  vrrp_notify_fifo ${at}/fifo
  vrrp_notify_fifo_script ${at}/reader.sh
  fifo_write_vrrp_states_on_reload
}
track_file tf {
  file ${at}/tf
}
vrrp_sync_group VG {
  group {
VI_1
VI_2
  }
  ${hooks(at, "VG")}
  notify "${at}/hook.sh"
}
${router("VI_1", 1, `${hooks(at, "VI_1")}\n  notify "${at}/hook.sh"`)}
${router("VI_2", 2, `${hooks(at, "VI_2")}\n  notify "${at}/hook.sh"`)}`;
/** What a reload takes away. */
const leaves = (at: string): string =>
  router("VI_4", 4, `notify_deleted "${at}/hook.sh VI_4 deleted"\n  notify "${at}/hook.sh"`) +
  router("VI_5", 5, `notify_fault "${at}/hook.sh VI_5 fault"\n  notify "${at}/hook.sh"`);
/** Whose priority moves, and who is told of weaker ones. */
const moves = (at: string): string =>
  router(
    "VI_3",
    3,
    `track_file { tf weight 1 }\n  notify_priority_changes\n  notify_master_rx_lower_pri "${at}/hook.sh VI_3 lower"\n  notify "${at}/hook.sh"`,
  );

type Running = { readonly reload: (config: string) => void; readonly stop: () => Promise<unknown> };

describe.skipIf(mustSkip("programs beside Keepalived", ["ip", "bridge", "nft", "keepalived"]))("programs", () => {
  let lan: Lan;
  let folder: string;
  beforeAll(async () => {
    lan = await createLan("hookwords", [
      { name: "rt1", addresses: ["192.168.1.11/24"] },
      { name: "rt2", addresses: ["192.168.1.12/24"] },
    ]);
  });
  afterAll(() => lan.remove());

  const fresh = (): string => {
    folder = mkdtempSync(join(tmpdir(), "heird-hookwords-"));
    chmodSync(folder, 0o755);
    for (const name of ["hook.sh", "start.sh", "stop.sh"]) writeFileSync(join(folder, name), RECORDER(folder));
    writeFileSync(join(folder, "reader.sh"), READER(folder));
    for (const name of ["hook.sh", "start.sh", "stop.sh", "reader.sh"]) chmodSync(join(folder, name), 0o755);
    for (const name of ["calls", "lines"]) {
      writeFileSync(join(folder, name), "");
      chmodSync(join(folder, name), 0o666);
    }
    writeFileSync(join(folder, "tf"), "0\n");
    return folder;
  };
  const lines = (name: string): readonly string[] =>
    readFileSync(join(folder, name), "utf8")
      .replaceAll(folder, "FOLDER")
      .split("\n")
      .filter((line) => line !== "");
  const otherwise = (): string => `${lines("calls").join("\n")}\n--\n${lines("lines").join("\n")}`;
  const has = (name: string, wanted: string): Promise<unknown> =>
    eventually(`${name} has ${wanted}`, () => lines(name).some((line) => line.includes(wanted)), {
      within: 30_000,
      otherwise,
    });
  /** Keepalived gives what it starts at its end one second, on a busy machine too few: nothing is said of STOP here. */
  const sorted = (name: string): readonly string[] =>
    lines(name)
      .filter((line) => !/\bstop\b(?!\.sh)|STOP/.test(line))
      .sort();

  /** Where two more groups have `nobody` among them. */
  const inGroups = (host: Host, groups: string): Host => {
    writeFileSync(
      groups,
      `${readFileSync("/etc/group", "utf8")}heirdone:x:64001:nobody\nheirdtwo:x:64002:daemon,nobody\n`,
    );
    const alone = ["unshare", "--mount", "--propagation", "private", "sh", "-c"];
    const there = ['mount --bind "$0" /etc/group && exec "$@"', groups];
    return { ...host, start: (name, argv, options) => host.start(name, [...alone, ...there, ...argv], options) };
  };
  /** The same life under both; what it gives is compared. */
  const compared = async <T>(config: (at: string) => string, live: (daemon: Running, at: string) => Promise<T>) => {
    const at = fresh();
    const keepalived = await startKeepalived(inGroups(lan.host("rt1"), join(at, "groups")).start, config(at));
    const theirs = await live(keepalived, at);
    rmSync(folder, { recursive: true });
    const here = fresh();
    const rt1 = inGroups(lan.host("rt1"), join(here, "groups"));
    const home = makeHome(rt1, config(here));
    const heird = await startHeird(rt1, home);
    try {
      const ours = await live({ reload: heird.reload, stop: () => heird.stop(20_000) }, here);
      finish(home);
      return { theirs, ours };
    } finally {
      await heird.stop(20_000);
      home.remove();
      rmSync(folder, { recursive: true, force: true });
    }
  };

  /** Words that are read twice, quotes in quotes, and what a shell would make something of. */
  const ODD = String.raw`'\ ' a\ b c\tx 'd  e' \"f g\" h'i'j \\ k '$(touch FOLDER/executed)' a;b|c \\\\n '\\n' \\x41 \x41\102 p\nq \"\" ''`;

  const ran = async (daemon: Running): Promise<readonly string[]> => {
    await has("calls", "hook.sh [INSTANCE] [VI_1] [MASTER]");
    await has("calls", "hook.sh [m]");
    await daemon.stop();
    await has("calls", "stop.sh");
    return sorted("calls");
  };

  test("run as who the file says, with its groups, its umask and these words", async () => {
    const config = (at: string): string => `
global_defs {
  script_user root
  umask 0027
  set_supplementary_groups
  startup_script "${at}/start.sh one 'two words'"
  shutdown_script ${at}/stop.sh
}
${router("VI_1", 1, `notify_master "${at}/hook.sh m ${ODD.replaceAll("FOLDER", at)}" nobody\n  notify_backup "${at}/hook.sh b" nobody daemon\n  notify "${at}/hook.sh"`)}`;
    const { theirs, ours } = await compared(config, ran);
    // Keepalived 2.2.7 does not know set_supplementary_groups; what else there is to see is the same.
    expect(ours.map((line) => line.replace(" heirdone heirdtwo", ""))).toEqual(theirs);
    expect(ours.filter((line) => line.includes("umask 0027"))).toHaveLength(ours.length);
    expect(ours).toContain("start.sh [one] [two\\ words] umask 0027 is root of root");
    expect(ours.filter((line) => line.includes("hook.sh [m]"))[0]).toMatch(/ is nobody of nogroup heirdone heirdtwo$/);
    expect(ours.filter((line) => line.includes("hook.sh [b]"))[0]).toMatch(/ is nobody of daemon.* heirdone heirdtwo$/);
  });

  test("find a umask of 0177 and no other groups where nobody says so", async () => {
    const config = (at: string, umask = ""): string => `
global_defs {
  script_user nobody nogroup
  ${umask}
}
track_file tf {
  file ${at}/tf
}
vrrp_script sc {
  script "${at}/hook.sh check"
  interval 1
}
${router("VI_1", 1, `notify "${at}/hook.sh"\n  track_file { tf weight 0 }\n  track_script { sc }`)}`;
    // A reload with another one is heard by hooks and checks.
    const { theirs, ours } = await compared(config, async (daemon, at) => {
      await has("calls", "[MASTER]");
      daemon.reload(config(at, "umask 0027"));
      await has("calls", "[check] umask 0027");
      writeFileSync(join(at, "tf"), "1\n");
      await has("calls", "[FAULT]");
      await daemon.stop();
      return [...new Set(sorted("calls"))];
    });
    expect(ours).toEqual(theirs);
    expect(ours).toContain("hook.sh [INSTANCE] [VI_1] [FAULT] [100] umask 0027 is nobody of nogroup");
    expect(ours).toContain("hook.sh [check] umask 0177 is nobody of nogroup");
    expect(ours[0]).toBe("hook.sh [INSTANCE] [VI_1] [BACKUP] [100] umask 0177 is nobody of nogroup");
  });

  // Keepalived 2.2.7 runs the hooks of members beside those of their group, whatever its documentation says: what
  // it does is what files rely on.
  test("of groups and of their members are told the same, and so are priorities, weaker routers and reloads", async () => {
    const config = (at: string): string => globals(at) + moves(at) + leaves(at);

    const live = async (daemon: Running, at: string) => {
      for (const name of ["VI_1", "VI_2", "VI_3", "VI_4", "VI_5"]) await has("lines", `INSTANCE "${name}" MASTER 100`);
      await has("lines", 'GROUP "VG" MASTER 0');
      writeFileSync(join(at, "tf"), "20\n");
      await has("lines", 'INSTANCE "VI_3" MASTER_PRIORITY 120');
      const started = lines("lines").length;
      // Somebody weaker, who hears nobody: a Keepalived whose ears are closed.
      await lan.host("rt2").drop("input", "ip protocol 112");
      const weaker = await lan.host("rt2").startKeepalived(router("VI_3", 3, "priority 50"));
      await has("lines", 'INSTANCE "VI_3" MASTER_RX_LOWER_PRI 120');
      await has("calls", "hook.sh [VI_3] [lower]");
      await weaker.stop();
      await lan.host("rt2").dropNothing();
      expect(started).toBeGreaterThan(10);
      // A reload makes Keepalived forget for a moment what its tracks add, and tell BACKUP_PRIORITY of a Master;
      // that is not done after it.
      writeFileSync(join(at, "tf"), "0\n");
      await eventually(
        "VI_3 has its priority again",
        () => lines("lines").filter((line) => line === 'INSTANCE "VI_3" MASTER_PRIORITY 100').length > 0,
        { within: 30_000, otherwise },
      );
      daemon.reload(globals(at) + moves(at));
      await has("calls", "hook.sh [INSTANCE] [VI_4] [DELETED]");
      await has("calls", "hook.sh [INSTANCE] [VI_5] [FAULT]");
      await eventually(
        "all states are told again",
        () => lines("lines").filter((line) => line === 'GROUP "VG" MASTER 0').length >= 2,
        {
          within: 30_000,
          otherwise,
        },
      );
      await daemon.stop();
      const once = (name: string): readonly string[] => [...new Set(sorted(name))];
      // How often somebody weaker is heard is a matter of time.
      return { calls: once("calls"), lines: once("lines") };
    };
    const { theirs, ours } = await compared(config, live);
    expect(ours.calls).toEqual(theirs.calls);
    expect(ours.lines).toEqual(theirs.lines);
    // The members' own are among them, and the group's have priority 0.
    const told = ours.calls.join("\n");
    for (const line of [
      "[VI_1] [master]",
      "[VI_2] [master]",
      "[VG] [master]",
      "[INSTANCE] [VI_1] [MASTER] [100]",
      "[GROUP] [VG] [MASTER] [0]",
    ])
      expect(told).toContain(`hook.sh ${line}`);
    expect(told).not.toContain("hook.sh [VI_5] [fault]");
  });
});
