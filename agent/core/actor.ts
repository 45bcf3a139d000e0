// Who asked for something, for whoever reads the log later. Nothing is decided by it.

/** Somebody at the end of a socket, or at a terminal. */
export type Caller = {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Who logged in before becoming somebody else; null for nobody (a service), or when it is hidden. */
  readonly loginUid: number | null;
  /** `pts/3`; null without a terminal, or when it is hidden. */
  readonly tty: string | null;
  /** The command line, its beginning; null when it is hidden. */
  readonly command: string | null;
  /** Who says all this: of numbers the kernel always, of the rest the caller itself when /proc hides it from us. */
  readonly word: "kernel" | "caller";
};

/** What a caller may say of itself. */
export type Word = Pick<Caller, "loginUid" | "command">;

/** `signal` has no sender, because Node does not tell it. */
export type Actor =
  | ({ readonly via: "socket" | "start" } & Caller)
  | { readonly via: "signal"; readonly signal: string };

/** In a few words: `SIGTERM`, `uid 1000`. A login outlives `sudo`. */
export const inShort = (actor: Actor): string =>
  actor.via === "signal" ? actor.signal : `uid ${actor.loginUid ?? actor.uid}`;

/** To be put behind what was asked for: `, asked by uid 0 (login uid 1000) on pts/3, pid 4711: heird reload`; empty of nobody. */
export function askedBy(actor: Actor | undefined): string {
  if (actor === undefined) return "";
  if (actor.via === "signal") return `, asked by ${actor.signal} (a signal has no sender)`;
  const { uid, loginUid, tty, pid, command, word } = actor;
  const login = loginUid === null ? "" : ` (login uid ${loginUid})`;
  const says = word === "caller" ? " (by its own word)" : "";
  return `, asked by uid ${uid}${login}${tty === null ? "" : ` on ${tty}`}, pid ${pid}${command === null ? "" : `: ${command}${says}`}`;
}
