// What a client of the virtual address lives through: questions at a steady rate, and who answered.
//
// The questions are UDP datagrams with a number; each router runs a responder that answers with the
// number and its own name. A ping would be answered by the kernel, and could not say whose.

import type { Daemon } from "./command.ts";
import { eventually } from "./eventually.ts";
import type { Starter } from "./keepalived.ts";

export type Answer = {
  readonly sequence: number;
  /** Microseconds since 1970. */
  readonly askedAt: number;
  /** Microseconds until the answer; null when none came. */
  readonly took: number | null;
  /** The name of the responder; null when none answered. */
  readonly by: string | null;
};

export type Probe = {
  /** The questions asked so far, answered or not; the youngest may still be answered. */
  readonly answers: () => readonly Answer[];
  /** Stops asking, gives late answers a moment, and gives everything. */
  readonly stop: () => Promise<readonly Answer[]>;
};

const PORT = 3768;

// These two functions are sent to another process as text: they must use nothing from outside.

function respond(name: string, port: number): void {
  const { createSocket } = process.getBuiltinModule("node:dgram");
  // One socket for each family, so that an IPv4 client is answered from an IPv4 address.
  const sockets = [createSocket({ type: "udp4" }), createSocket({ type: "udp6", ipv6Only: true })];
  let waiting = sockets.length;
  for (const socket of sockets) {
    socket.on("error", (error) => process.stderr.write(`${error.message}\n`));
    socket.on("message", (message, from) => socket.send(`${message} ${name}`, from.port, from.address));
    socket.bind(port, () => {
      waiting -= 1;
      if (waiting === 0) process.stdout.write("ready\n");
    });
  }
}

function ask(address: string, port: number, interval: number): void {
  const { createSocket } = process.getBuiltinModule("node:dgram");
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const wall = () => Math.round((performance.timeOrigin + performance.now()) * 1_000);
  let sequence = 0;
  // No route and no neighbour are what a failover looks like; the question counts as unanswered.
  socket.on("error", () => undefined);
  socket.on("message", (message) => process.stdout.write(`a ${wall()} ${message}\n`));
  const question = () => {
    process.stdout.write(`q ${wall()} ${sequence}\n`);
    socket.send(String(sequence), port, address, () => undefined);
    sequence += 1;
  };
  const begun = performance.now();
  let stopping = false;
  const again = () => {
    if (stopping) return;
    question();
    // From the beginning, not from the last question: lateness must not add up.
    setTimeout(again, Math.max(0, begun + sequence * interval - performance.now()));
  };
  again();
  process.on("SIGTERM", () => {
    stopping = true;
    setTimeout(() => process.exit(0), 100); // the last questions may still be answered
  });
}

/** Answers questions inside a namespace, in the name of its router. */
export async function startResponder(startIn: Starter, name: string): Promise<Daemon> {
  const argv = [process.execPath, "-e", `(${respond})(${JSON.stringify(name)}, ${PORT})`];
  const daemon = await startIn(`responder ${name}`, argv);
  await eventually(`the responder of ${name} listens`, () => daemon.stdout().includes("ready"), {
    otherwise: daemon.output,
  });
  return daemon;
}

/** Asks `address` every `interval` milliseconds from inside a namespace; settles when the first question is out. */
export async function startProbe(startIn: Starter, address: string, interval: number): Promise<Probe> {
  const argv = [process.execPath, "-e", `(${ask})(${JSON.stringify(address)}, ${PORT}, ${interval})`];
  const daemon = await startIn(`probe of ${address}`, argv);
  await eventually("the probe asks", () => daemon.stdout().includes("q "), { otherwise: daemon.output });
  return {
    answers: () => readAnswers(daemon.stdout()),
    stop: async () => {
      await daemon.stop();
      return readAnswers(daemon.stdout());
    },
  };
}

/** Puts questions and answers together; an answer that comes twice counts once, the first time. */
export function readAnswers(text: string): readonly Answer[] {
  const answers = new Map<number, Answer>();
  // What follows the last newline has not arrived whole.
  for (const line of text.slice(0, text.lastIndexOf("\n") + 1).split("\n")) {
    const [kind, at = "", number = "", by] = line.split(" ");
    const sequence = Number(number);
    const known = answers.get(sequence);
    if (kind === "q" && number !== "") answers.set(sequence, { sequence, askedAt: Number(at), took: null, by: null });
    else if (kind === "a" && by !== undefined && known?.by === null)
      answers.set(sequence, { ...known, took: Number(at) - known.askedAt, by });
  }
  return [...answers.values()];
}
