// The control socket: one JSON line asks, one JSON line answers. It can hang, flood or talk
// nonsense without anybody noticing but itself.

import { chmodSync, closeSync, constants, openSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";

/** What can be asked. */
export const QUESTIONS = ["status", "snapshot", "reload"] as const;
export type Question = (typeof QUESTIONS)[number];
export type Answer = { readonly ok: true; readonly answer: unknown } | { readonly ok: false; readonly error: string };

/** A question is one short line; more is not one. */
const LONGEST_QUESTION = 4096;
/** How long somebody may take to ask, in ms. */
const PATIENCE = 5_000;
const CONNECTIONS = 32;

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
export function serveControl(
  stateDirectory: string,
  answer: (question: Question) => Promise<unknown>,
  failed: (error: Error) => void,
): Server {
  const { path, release } = reachable(socketPath(stateDirectory));
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => converse(socket, answer));
  server.maxConnections = CONNECTIONS;
  server.on("error", failed);
  server.on("close", release);
  server.listen(path, () => chmodSync(path, 0o660));
  return server;
}

function converse(socket: Socket, answer: (question: Question) => Promise<unknown>): void {
  let asked = "";
  socket.on("error", () => socket.destroy());
  socket.setTimeout(PATIENCE, () => socket.destroy());
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => {
    asked += chunk;
    const end = asked.indexOf("\n");
    if (end < 0 && asked.length <= LONGEST_QUESTION) return;
    socket.removeAllListeners("data");
    socket.resume();
    const question = end < 0 ? undefined : questionIn(asked.slice(0, end));
    if (question === undefined)
      finish(socket, { ok: false, error: `asked something else than ${QUESTIONS.join(", ")}` });
    else
      answer(question).then(
        (answered) => finish(socket, { ok: true, answer: answered }),
        (cause: unknown) =>
          finish(socket, { ok: false, error: cause instanceof Error ? cause.message : String(cause) }),
      );
  });
}

const finish = (socket: Socket, answer: Answer): void => {
  socket.end(`${JSON.stringify(answer)}\n`);
};

function questionIn(line: string): Question | undefined {
  try {
    const asked: unknown = JSON.parse(line);
    if (typeof asked !== "object" || asked === null || !("ask" in asked)) return undefined;
    return QUESTIONS.find((question) => question === asked.ask);
  } catch {
    return undefined;
  }
}

/** Asks a running daemon. Rejects with a sentence when there is none, or when it does not answer. */
export function ask(stateDirectory: string, question: Question): Promise<unknown> {
  const { path, release } = reachable(socketPath(stateDirectory));
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(2 * PATIENCE, () => socket.destroy(new Error("the daemon does not answer")));
    socket.on("connect", () => socket.write(`${JSON.stringify({ ask: question })}\n`));
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
