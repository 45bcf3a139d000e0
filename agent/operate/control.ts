// The control socket: one JSON line asks, one JSON line answers. It can hang, flood or talk
// nonsense without anybody noticing but itself.

import { chmodSync, closeSync, constants, openSync, readFileSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import type { Word } from "../core/actor.ts";

/** What can be asked. */
export const QUESTIONS = [
  "status",
  "checks",
  "metrics",
  "snapshot",
  "reload",
  "plan",
  "drain",
  "resume",
  "promote",
] as const;
export type Question = (typeof QUESTIONS)[number];

/** What may be said with a question; what is left out is not wanted. */
export type Details = {
  /** plan: the file to compare with what runs; a whole path. */
  readonly file?: string;
  /** reload: answer when the addresses are right. drain: when they are gone, and somebody else is Master. */
  readonly wait?: boolean;
  /** reload: change nothing unless no virtual router can change its Master. */
  readonly requireNoFailover?: boolean;
  /** drain, resume, promote: the name of a virtual router, or its key. */
  readonly vr?: string;
  /** drain: for how long, in ms. */
  readonly lasts?: number;
  /** drain, promote: why, for whoever reads the log. */
  readonly reason?: string;
  /** drain that is waited for: how long at most, in ms. */
  readonly timeout?: number;
  /** What whoever asks says of itself: its login uid and command line, for where /proc hides them. */
  readonly word?: Word;
};
/** Gives what is answered; what it rejects with is answered as an error. `fd` is the socket's, to see who asks. */
export type Answerer = (question: Question, details: Details, fd: number | null) => Promise<unknown>;
/** A long answer: it is sent piece by piece, so that to write it down holds nobody up. */
export type InPieces = { readonly pieces: readonly string[] };
type Asked = { readonly question: Question; readonly details: Details };
export type Answer = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly error: string };

/** A question is one short line; more is not one. */
const LONGEST_QUESTION = 4096;
/** How long somebody may take to ask, in ms. */
const PATIENCE = 5_000;
const CONNECTIONS = 32;
/** How long an answer may take, in ms: a large configuration is read in seconds, and addresses come in bursts. */
const ANSWER = 120_000;
/** Less than 25 days, in ms. */
export const LONGEST_SPAN = 2 ** 31 - 1;

/** The socket of a daemon, in its state directory. */
export const socketPath = (stateDirectory: string): string => join(stateDirectory, "heird.sock");

/**
 * A Unix socket's address has room for 107 bytes; longer paths go through the open directory. The
 * descriptor stays open as long as the path is in use.
 */
function reachable(path: string): { path: string; release: () => void } {
  if (Buffer.byteLength(path) < 108) return { path, release: () => {} };
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/heird.sock`, release: () => closeSync(fd) };
}

/** Answers questions until it is closed. The caller holds the state directory's lock, so an old socket is a dead one. */
export function serveControl(stateDirectory: string, answer: Answerer, failed: (error: Error) => void): Server {
  const { path, release } = reachable(socketPath(stateDirectory));
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => converse(socket, answer, failed));
  server.maxConnections = CONNECTIONS;
  server.on("error", failed);
  server.on("close", release);
  server.listen(path, () => {
    try {
      chmodSync(path, 0o660);
    } catch (cause) {
      failed(cause instanceof Error ? cause : new Error(String(cause)));
    }
  });
  return server;
}

function converse(socket: Socket, answer: Answerer, failed: (error: Error) => void): void {
  let asked = "";
  socket.on("error", () => socket.destroy());
  socket.setTimeout(PATIENCE, () => socket.destroy());
  // Who sends a letter now and then is never idle, and would keep the place of others.
  const deadline = setTimeout(() => socket.destroy(), PATIENCE);
  socket.on("close", () => clearTimeout(deadline));
  // Who has stopped talking may still listen, but only to the answer of a question.
  const hangUp = (): void => void socket.destroy();
  socket.on("end", hangUp);
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    asked += chunk;
    const end = asked.indexOf("\n");
    if (end < 0 && asked.length <= LONGEST_QUESTION) return;
    clearTimeout(deadline);
    socket.off("end", hangUp);
    socket.removeAllListeners("data");
    socket.resume();
    const said = end < 0 ? undefined : questionIn(asked.slice(0, end));
    // From here on it is us who may be slow.
    socket.setTimeout(0);
    if (said === undefined) finish(socket, { ok: false, error: `asked something else than ${QUESTIONS.join(", ")}` });
    else
      heard(socket, said, failed, () =>
        answered(said, answer, descriptorOf(socket)).then(
          (result) => (isInPieces(result) ? recite(socket, result) : finish(socket, { ok: true, answer: result })),
          (cause: unknown) =>
            finish(socket, { ok: false, error: cause instanceof Error ? cause.message : String(cause) }),
        ),
      );
  });
}

/** What is more than a question, or takes long to answer. */
const BEGUN_WITH_A_BLANK: ReadonlySet<Question> = new Set(["plan", "reload", "drain", "resume", "promote"]);

/**
 * An order that lay unread while the daemon was stopped may be of somebody who has given up since, and would not learn
 * that it was done. A blank before the answer tells: nothing can be sent to who has gone. And who has it knows that
 * somebody is at work.
 */
function heard(socket: Socket, { question }: Asked, failed: (error: Error) => void, act: () => void): void {
  const gone = (): void => failed(new Error(`${question} was not done: whoever asked for it has gone`));
  if (!BEGUN_WITH_A_BLANK.has(question)) act();
  else socket.write(" ", (cause) => (cause === null || cause === undefined ? act() : gone()));
}

/** A mistake on the way to an answer is an answer, too. */
const answered = async ({ question, details }: Asked, answer: Answerer, fd: number | null): Promise<unknown> =>
  answer(question, details, fd);

/** Node does not tell it, but its handle has it; null when the socket is closed. */
function descriptorOf(socket: Socket): number | null {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : null;
  return typeof fd === "number" && fd >= 0 ? fd : null;
}

const finish = (socket: Socket, answer: Answer): void => close(socket, `${JSON.stringify(answer)}\n`);

const close = (socket: Socket, text: string): void => {
  socket.setTimeout(PATIENCE); // for whoever does not read it
  socket.end(text, () => {
    // Whoever has it and talks on is never idle, and would keep the place of others.
    const farewell = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on("close", () => clearTimeout(farewell));
  });
};

const isInPieces = (answer: unknown): answer is InPieces =>
  typeof answer === "object" && answer !== null && "pieces" in answer;

/** The same line as `finish` would write, with the loop free in between. */
function recite(socket: Socket, { pieces }: InPieces): void {
  const said = (from: number): void => {
    const piece = pieces[from];
    if (socket.destroyed) return;
    if (piece === undefined) close(socket, "]}}\n");
    else {
      socket.write(`${from === 0 ? "" : ","}${JSON.stringify(piece)}`);
      setImmediate(said, from + 1);
    }
  };
  socket.write('{"ok":true,"answer":{"pieces":[');
  said(0);
}

function questionIn(line: string): Asked | undefined {
  try {
    const asked: unknown = JSON.parse(line);
    if (typeof asked !== "object" || asked === null || !("ask" in asked)) return undefined;
    const question = QUESTIONS.find((known) => known === asked.ask);
    return question === undefined ? undefined : { question, details: detailsIn(asked) };
  } catch {
    return undefined;
  }
}

const detailsIn = (asked: object): Details => ({
  ...("file" in asked && typeof asked.file === "string" ? { file: asked.file } : {}),
  ...("vr" in asked && typeof asked.vr === "string" ? { vr: asked.vr } : {}),
  ...("reason" in asked && typeof asked.reason === "string" ? { reason: asked.reason } : {}),
  ...("lasts" in asked && isSpan(asked.lasts) ? { lasts: asked.lasts } : {}),
  ...("timeout" in asked && isSpan(asked.timeout) ? { timeout: asked.timeout } : {}),
  wait: "wait" in asked && asked.wait === true,
  requireNoFailover: "requireNoFailover" in asked && asked.requireNoFailover === true,
  ...("word" in asked && typeof asked.word === "object" && asked.word !== null ? { word: wordIn(asked.word) } : {}),
});

/** ms, and no longer than timers of Node and numbers of the log have room for. */
const isSpan = (value: unknown): value is number => typeof value === "number" && value >= 0 && value <= LONGEST_SPAN;

const wordIn = (said: object): Word => ({
  loginUid: "loginUid" in said && typeof said.loginUid === "number" ? said.loginUid : null,
  command: "command" in said && typeof said.command === "string" ? said.command : null,
});

/** What this process says of itself. */
function ownWord(): Word {
  const command = ["heird", ...process.argv.slice(2)].join(" ").slice(0, LONGEST_QUESTION / 8);
  try {
    return { loginUid: Number(readFileSync("/proc/self/loginuid", "latin1")), command };
  } catch {
    return { loginUid: null, command };
  }
}

const LONG: ReadonlySet<Question> = new Set(["reload", "plan", "drain"]);
const patienceFor = (question: Question, { timeout = 0, wait = false }: Details): number =>
  LONG.has(question) && (wait || question !== "drain") ? Math.min(LONGEST_SPAN, ANSWER + timeout) : 2 * PATIENCE;

/** As of a connection that the system gives up. */
const silent = (): Error => Object.assign(new Error("the daemon does not answer"), { code: "ETIMEDOUT" });

/**
 * Asks a running daemon. Rejects with a sentence when there is none, or when it does not answer. How long it may be
 * before it says anything is told in ms: one that is stopped is not waited for as for one that works.
 */
export async function ask(
  stateDirectory: string,
  question: Question,
  details: Details = {},
  mute = 2 * PATIENCE,
): Promise<unknown> {
  const { path, release } = reachable(socketPath(stateDirectory));
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(mute, () => socket.destroy(silent()));
    socket.once("data", () => socket.setTimeout(patienceFor(question, details)));
    socket.on("connect", () => socket.write(`${JSON.stringify({ ...details, word: ownWord(), ask: question })}\n`));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", reject);
    socket.on("close", () => release());
    socket.on("end", () => {
      socket.end();
      try {
        const answer = JSON.parse(text) as Answer;
        if (answer.ok) resolve(answer.answer);
        else reject(new Error(answer.error));
      } catch {
        reject(new Error("the daemon answered nothing that can be read"));
      }
    });
  });
}
