// A mail server of this test, on loopback, that does as it is told: RFC 5321 as far as one mail needs it.

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export type Letter = {
  readonly helo: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
};

export type MailServer = {
  readonly port: number;
  readonly letters: readonly Letter[];
  /** Everything that was said to it, line by line. */
  readonly heard: readonly string[];
  /** Answers to commands instead of 250, by the word they begin with, or by RCPT and whom; `null` is silence. */
  readonly answers: Map<string, string | null>;
  readonly close: () => Promise<void>;
};

const GREETING = "greeting";
const USUAL: Readonly<Record<string, string>> = { EHLO: "250-here\r\n250 STARTTLS", DATA: "354 go on" };

type Talk = { helo: string; from: string; to: string[]; data: string[] | null };

export async function startMailServer(): Promise<MailServer> {
  const letters: Letter[] = [];
  const heard: string[] = [];
  const answers = new Map<string, string | null>();
  const sockets = new Set<Socket>();

  const say = (socket: Socket, command: string, usual: string): void => {
    const answer = answers.has(command) ? (answers.get(command) ?? null) : usual;
    if (answer !== null) socket.write(`${answer}\r\n`);
  };
  const note = (talk: Talk, word: string, line: string): void => {
    const address = /<([^>]*)>/.exec(line)?.[1] ?? "";
    if (word === "EHLO" || word === "HELO") talk.helo = line.slice(5);
    else if (word === "MAIL") talk.from = address;
    else if (word === "RCPT" && !answers.has(`RCPT ${address}`)) talk.to.push(address);
    else if (word === "DATA" && !answers.has(word)) talk.data = [];
  };
  const command = (socket: Socket, talk: Talk, line: string): void => {
    const word = (/^[A-Za-z]+/.exec(line)?.[0] ?? "").toUpperCase();
    note(talk, word, line);
    const about = `${word} ${/<([^>]*)>/.exec(line)?.[1] ?? ""}`;
    say(socket, answers.has(about) ? about : word, USUAL[word] ?? "250 ok");
    if (word === "QUIT") socket.end();
  };
  const hear = (socket: Socket, talk: Talk, line: string): void => {
    if (talk.data === null) {
      heard.push(line);
      command(socket, talk, line);
    } else if (line === ".") {
      const { helo, from, to, data } = talk;
      letters.push({ helo, from, to: [...to], text: data.join("\n") });
      talk.data = null;
      say(socket, ".", "250 taken");
    } else talk.data.push(line.replace(/^\.\./, "."));
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    const talk: Talk = { helo: "", from: "", to: [], data: null };
    let rest = "";
    socket.on("data", (chunk) => {
      const lines = (rest + chunk.toString()).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) hear(socket, talk, line);
    });
    say(socket, GREETING, "220 mail.example ESMTP");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    letters,
    heard,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
