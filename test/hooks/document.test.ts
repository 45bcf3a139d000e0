// What hooks are given: a promise to whoever parses it.

import { expect, test } from "vitest";
import { deliveriesOf, eventIdOf } from "../../agent/core/deliveries.ts";
import type { Notice } from "../../agent/core/effect.ts";
import { usualAgent, usualHooks } from "../../agent/core/usual.ts";
import { documentOf, inherited, storyOf, variablesOf } from "../../agent/hooks/document.ts";
import { lineOf } from "../../agent/hooks/fifo.ts";
import { NASTY, notice } from "./story.ts";

const LIFE = "01JD0000000000000000000000-0b0b0b0b";
// 2025-11-24 16:00:03.609 UTC.
const TIME = 1_764_000_003_609;
const story = (of: Notice) => storyOf(of, { event: eventIdOf(LIFE, of), time: TIME, routerId: "rt1" });
const TELLING = { hook: "notify_master", attempt: 2, superseded: true };

test("the document has the whole story, in one line", () => {
  const text = documentOf(story(notice()), TELLING);
  expect(text.endsWith("\n")).toBe(true);
  expect(text.trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(text)).toMatchInlineSnapshot(`
    {
      "addresses": [
        "192.168.1.1/24",
        "192.168.1.2/24",
      ],
      "attempt": 2,
      "basePriority": 110,
      "cause": [
        {
          "time": "2025-11-24T16:00:00.000Z",
          "what": "192.168.1.12 advertised priority 90",
        },
        {
          "time": "2025-11-24T16:00:03.609Z",
          "what": "time was up",
        },
      ],
      "event": "01JD0000000000000000000000-0b0b0b0b/5000000/MASTER/eth0/ipv4/51",
      "family": "ipv4",
      "from": "backup",
      "group": "G",
      "hook": "notify_master",
      "interface": "eth0",
      "kind": "INSTANCE",
      "masterAfter": {
        "address": "192.168.1.11",
        "priority": 100,
        "self": true,
      },
      "masterBefore": {
        "address": "192.168.1.12",
        "priority": 90,
        "self": false,
      },
      "name": "VI_1",
      "node": "rt1",
      "priority": 100,
      "reason": "master_silent",
      "router": "eth0/ipv4/51",
      "schema": 1,
      "standard": {
        "newMaster": "no-response",
        "rfc6527": 3,
        "rfc8347": "vrrp-event-master-timeout",
        "rfc8347bis": "vrrp-event-active-timeout",
      },
      "state": "MASTER",
      "superseded": true,
      "time": "2025-11-24T16:00:03.609Z",
      "to": "master",
      "vrid": 51,
    }
  `);
});

test("the environment says the same", () => {
  expect(variablesOf(story(notice()), TELLING)).toMatchInlineSnapshot(`
    {
      "HEIRD_ADDRESSES": "192.168.1.1/24 192.168.1.2/24",
      "HEIRD_ATTEMPT": "2",
      "HEIRD_BASE_PRIORITY": "110",
      "HEIRD_CAUSE": "192.168.1.12 advertised priority 90; time was up",
      "HEIRD_EVENT": "01JD0000000000000000000000-0b0b0b0b/5000000/MASTER/eth0/ipv4/51",
      "HEIRD_FAMILY": "ipv4",
      "HEIRD_FROM": "backup",
      "HEIRD_GROUP": "G",
      "HEIRD_HOOK": "notify_master",
      "HEIRD_INTERFACE": "eth0",
      "HEIRD_KIND": "INSTANCE",
      "HEIRD_MASTER_AFTER": "192.168.1.11",
      "HEIRD_MASTER_BEFORE": "192.168.1.12",
      "HEIRD_NAME": "VI_1",
      "HEIRD_NODE": "rt1",
      "HEIRD_PRIORITY": "100",
      "HEIRD_REASON": "master_silent",
      "HEIRD_RFC6527": "3",
      "HEIRD_RFC8347": "vrrp-event-master-timeout",
      "HEIRD_RFC8347BIS": "vrrp-event-active-timeout",
      "HEIRD_ROUTER": "eth0/ipv4/51",
      "HEIRD_SCHEMA": "1",
      "HEIRD_STATE": "MASTER",
      "HEIRD_SUPERSEDED": "1",
      "HEIRD_SUPERSEDED_FD": "3",
      "HEIRD_TIME": "2025-11-24T16:00:03.609Z",
      "HEIRD_TO": "master",
      "HEIRD_VRID": "51",
    }
  `);
});

test("names that are no names stay data", () => {
  const nasty = notice({ kind: "GROUP", name: NASTY });
  const id = eventIdOf(LIFE, nasty);
  expect(id).toMatch(/^[A-Za-z0-9._/%-]+$/);
  expect(documentOf(story(nasty), TELLING).trim().split("\n")).toHaveLength(1);
  expect(JSON.parse(documentOf(story(nasty), TELLING)).name).toBe(NASTY);
  expect(variablesOf(story(nasty), TELLING)["HEIRD_NAME"]).toBe(NASTY);
});

test("two events never share a name, and one always has the same", () => {
  const ids = [
    notice(),
    notice({ word: "BACKUP" }),
    notice({ kind: "GROUP", name: "G" }),
    notice({ kind: "GROUP", name: "G/H" }),
    notice({ at: (notice().at + 1) as Notice["at"] }),
  ].map((one) => eventIdOf(LIFE, one));
  expect(new Set(ids).size).toBe(ids.length);
  expect(eventIdOf(LIFE, notice())).toBe(ids[0]);
});

test("a hook inherits what Keepalived's would, but no secret and nothing that changes how programs load", () => {
  const given = {
    PATH: "/bin",
    FOO: "bar",
    IFS: "x",
    LD_PRELOAD: "x.so",
    NODE_OPTIONS: "--x",
    NOTIFY_SOCKET: "/run/x",
    HEIRD_EVENT: "old",
    REDIS_PASSWORD: "p",
    API_TOKEN: "t",
  };
  expect(inherited(given)).toEqual({ PATH: "/bin", FOO: "bar" });
});

test("a line of the FIFO is Keepalived's", () => {
  expect(lineOf(notice())).toBe('INSTANCE "VI_1" MASTER 100\n');
  expect(lineOf(notice({ kind: "GROUP", name: "VG", word: "FAULT", priority: 0 }))).toBe('GROUP "VG" FAULT 0\n');
});

// Lab, Keepalived 2.2.7: per-state hooks have no further arguments, `notify` has four; an instance that a
// reload removes is FAULT, or DELETED, for `notify` but not for `notify_fault`.
test("who is told what, with which arguments", () => {
  const command = (name: string) => ({ argv: [name, "own"], user: null, group: null });
  const hooks = {
    ...usualHooks,
    scripts: {
      master: command("m"),
      backup: command("b"),
      fault: command("f"),
      stop: command("s"),
      generic: command("n"),
      deleted: command("d"),
      lowerPriority: command("rx"),
    },
  };
  const told = (wanted: Partial<Notice>) =>
    deliveriesOf(notice({ hooks, ...wanted }), usualAgent.notify).map((one) =>
      one.type === "script" ? [...one.command.argv, ...one.args].join(" ") : one.hook,
    );
  expect(told({})).toEqual(["m own", "n own INSTANCE VI_1 MASTER 100"]);
  expect(told({ word: "BACKUP", to: "backup" })).toEqual(["b own", "n own INSTANCE VI_1 BACKUP 100"]);
  expect(told({ word: "STOP", to: "initialize" })).toEqual(["s own", "n own INSTANCE VI_1 STOP 100"]);
  expect(told({ word: "FAULT", to: "fault" })).toEqual(["f own", "n own INSTANCE VI_1 FAULT 100"]);
  expect(told({ word: "FAULT", to: "initialize" })).toEqual(["n own INSTANCE VI_1 FAULT 100"]);
  expect(told({ word: "DELETED", to: "initialize" })).toEqual(["d own", "n own INSTANCE VI_1 DELETED 100"]);
  expect(told({ word: "MASTER_RX_LOWER_PRI" })).toEqual(["rx own"]);
  expect(told({ word: "MASTER_PRIORITY" })).toEqual([]);
  expect(told({ kind: "GROUP", name: "VG", priority: 0 })).toEqual(["m own", "n own GROUP VG MASTER 0"]);
});
