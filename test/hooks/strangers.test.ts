import { expect, test } from "vitest";
import { strangersIn } from "../../agent/hooks/strangers.ts";
import { loadText } from "../config/memory.ts";

const configured = (globals: string, instance: string) => {
  const { config } = loadText(
    `global_defs {\n${globals}\n}\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n${instance}\nvirtual_ipaddress { 192.0.2.10/24 }\n}\n`,
  );
  if (config === null) throw new Error("it has mistakes");
  return config;
};
const HEIRD = { uid: 998, name: "heird" };

test("a daemon that is not root says whom it cannot become, once each", () => {
  const config = configured(
    "script_user root\nstartup_script /bin/a\nvrrp_notify_fifo /run/f\nvrrp_notify_fifo_script /bin/r",
    'notify_master "/bin/m" heird\nnotify_backup "/bin/b" 998\npre_master "/bin/p" nobody\nhook_policy { pre_deadline 1 }',
  );
  expect(strangersIn(config, HEIRD)).toEqual([
    "/bin/p is to run as nobody, whom heird cannot become: it will fail. Write script_user heird, or run heird as root (deploy/README.md)",
    "/bin/r is to run as root, whom heird cannot become: it will fail. Write script_user heird, or run heird as root (deploy/README.md)",
  ]);
  expect(strangersIn(config, { uid: 0, name: "root" })).toEqual([]);
});

test("programs of nobody in particular run as the daemon does", () => {
  expect(strangersIn(configured("", 'notify "/bin/n"'), HEIRD)).toEqual([]);
  expect(strangersIn(configured("script_user heird", 'notify "/bin/n"'), HEIRD)).toEqual([]);
});
