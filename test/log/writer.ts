// A process of its own that writes a log: what a SIGKILL or a real disk does to it can be seen only
// from outside.

import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Compiled, compile } from "../contract/compiled.ts";

/** Opens a log in a state directory and gives a function that writes one line. */
const OPENING = `
import { createStore } from "./agent/log/file.js";
import { recover, logDirectory } from "./agent/log/recover.js";
import { openEventLog } from "./agent/log/event-log.js";
import { initialState } from "./agent/core/state.js";
import { step } from "./agent/core/agent.js";
import { writeSync } from "node:fs";

const say = (text) => writeSync(1, text + "\\n");
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
function open(stateDirectory, ahead, queueLimit) {
  const { epoch, last, unwritten } = recover(stateDirectory, ahead);
  const directory = logDirectory(stateDirectory);
  const store = createStore({ directory, ahead, epoch, last, retention: () => ({ bytes: 1e9, since: 0 }), queueLimit, lost: unwritten.length });
  const log = openEventLog(store, { version: "1", cluster: "lab", boot: "b" }, Date.now, initialState, 0, 20_000);
  let count = 0;
  const write = () => {
    const seen = { type: "advertDropped", router: null, interface: "eth0", source: "10.0.0.66",
      reason: "checksum", detail: "wrong", count: ++count };
    log.commit(step(initialState, { at: count, seen }));
    return log.head();
  };
  return { store, log, write };
}
`;

export type Writers = {
  /** Starts a program that goes on from `open`, `say` and `sleep`; `words` come before node. */
  readonly start: (program: string, words?: readonly string[]) => Writer;
  readonly close: () => void;
};

export type Writer = {
  readonly process: ChildProcess;
  /** The whole lines it has said. */
  readonly said: () => readonly string[];
  /** Resolves when it has ended, and all it said has been read. */
  readonly ended: Promise<{ readonly code: number | null; readonly errors: string }>;
};

export function writers(): Writers {
  const compiled: Compiled = compile(["agent/core", "agent/log"]);
  let count = 0;
  return {
    start: (program, words = []) => {
      count += 1;
      const file = join(compiled.folder, `writer${count}.js`);
      writeFileSync(file, `${OPENING}\n${program}`);
      const [command = "", ...rest] = [...words, process.execPath, file];
      const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
      let out = "";
      let errors = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        errors += text;
      });
      const ended = new Promise<{ code: number | null; errors: string }>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", (code) => resolve({ code, errors }));
      });
      return { process: child, said: () => out.split("\n").slice(0, -1), ended };
    },
    close: compiled.close,
  };
}
