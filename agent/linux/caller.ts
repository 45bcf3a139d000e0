// Who asks: what the kernel knows of the process at the other end of a socket.

import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Caller, Word } from "../core/actor.ts";
import { type PeerCredentials, peerCredentials } from "./unix-socket.ts";

/** A login uid that nobody has set: -1 as the kernel writes it. */
const NOBODY = 0xffff_ffff;
/** Of a command line this much is told: it stands in every copy of the log. */
const LONGEST_COMMAND = 256;
const ENOUGH = 4096;
/** The first and last major number of the pseudo-terminals that have 256 minors each, and the one of the consoles. */
const PTS = [136, 143] as const;
const CONSOLE = 4;

/**
 * Who is at the other end; null when that cannot be told. The pages that a command line is read from are the
 * other process's, which could keep us waiting for them: it is another thread that waits.
 */
export async function callerOf(fd: number, word: Word): Promise<Caller | null> {
  const credentials = peerCredentials(fd);
  return credentials.ok ? described(credentials.peer, word) : null;
}

/** A process as /proc shows it, or by its own word where that is hidden. */
export async function described({ pid, uid, gid }: PeerCredentials, word: Word): Promise<Caller> {
  const [command, login, stat] = await Promise.all(["cmdline", "loginuid", "stat"].map((name) => textOf(pid, name)));
  const seen = command !== undefined && command !== "";
  return {
    pid,
    uid,
    gid,
    loginUid: login === undefined ? loginIn(String(word.loginUid)) : loginIn(login),
    tty: stat === undefined ? null : terminalIn(stat),
    command: seen ? commandIn(command.split("\0")) : word.command === null ? null : commandIn([word.command]),
    word: seen ? "kernel" : "caller",
  };
}

/** This process, of a command line that it knows itself. */
export function ownCaller(argv: readonly string[]): Caller {
  return {
    pid: process.pid,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    loginUid: loginIn(ownText("loginuid")),
    tty: terminalIn(ownText("stat")),
    command: commandIn(argv),
    word: "kernel",
  };
}

function ownText(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, "latin1");
  } catch {
    return "";
  }
}

/** Undefined when it is hidden, or the process has ended. */
async function textOf(pid: number, name: string): Promise<string | undefined> {
  try {
    const file = await open(`/proc/${pid}/${name}`);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(ENOUGH), 0, ENOUGH, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
}

function loginIn(text: string): number | null {
  const uid = /^\d+$/.test(text.trim()) ? Number(text) : NOBODY;
  return uid < NOBODY ? uid : null;
}

/** On one line, without the passwords of URLs. */
export function commandIn(argv: readonly string[]): string | null {
  const line = argv
    .join(" ")
    .trim()
    .replace(/\p{Cc}/gu, "?")
    .replace(/(:\/\/)[^/@\s]*@/g, "$1***@");
  if (line === "") return null;
  return line.length > LONGEST_COMMAND ? `${line.slice(0, LONGEST_COMMAND)}…` : line;
}

/** The seventh field, behind a name that may have blanks and brackets: proc(5). */
export function terminalIn(stat: string): string | null {
  const number = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[4] ?? 0);
  const [major, minor] = [(number >> 8) & 0xfff, (number & 0xff) | ((number >> 12) & 0xfff00)];
  if (major >= PTS[0] && major <= PTS[1]) return `pts/${(major - PTS[0]) * 256 + minor}`;
  return major === CONSOLE ? `tty${minor}` : null;
}
