// Up while a connection can be made, and says what it must.

import { createConnection } from "node:net";
import { Observable } from "rxjs";
import type { Answer, CheckConfig, TcpQuestion } from "../agent/core/check.ts";
import { lookupIn } from "../agent/web/lookup.ts";
import { bad, good, type Probe } from "./check.ts";

/** How much is read until it says what it must. */
const MOST = 65_536;
const EXCERPT = 1_024;

export const tcp =
  ({ source }: CheckConfig, { host, port, send, expect }: TcpQuestion): Probe =>
  () =>
    new Observable<Answer>((subscriber) => {
      const from = source === null ? {} : { localAddress: source };
      const socket = createConnection({ host, port, lookup: lookupIn, ...from });
      let heard = "";
      const answer = (said: Answer): void => {
        subscriber.next(said);
        subscriber.complete();
      };
      const missing = (): string | undefined => expect.find((text) => !heard.includes(octetsOf(text)));
      const judge = (over: boolean): void => {
        const wanting = missing();
        const output = { output: Buffer.from(heard.slice(-EXCERPT), "latin1").toString("utf8") };
        if (wanting === undefined) answer(good(expect.length === 0 ? "connected" : "connected, and said what it must"));
        else if (over) answer(bad(`connected, but "${wanting}" was not said`, output));
      };
      socket.on("connect", () => {
        if (send !== null) socket.write(octetsOf(send), "latin1");
        if (expect.length === 0) judge(false);
      });
      socket.on("data", (chunk) => {
        heard += chunk.toString("latin1");
        judge(heard.length > MOST);
      });
      socket.on("end", () => judge(true));
      socket.on("error", (cause) => subscriber.error(cause));
      return () => socket.destroy();
    });

const SIGNS: Readonly<Record<string, string>> = { r: "\r", n: "\n", t: "\t", "\\": "\\" };

/** One character for each octet in UTF-8, because that is how what is heard is kept; escapes are read as in C. */
const octetsOf = (text: string): string =>
  Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(/\\(?:x([0-9a-fA-F]{2})|([rnt\\]))/g, (_, hex: string | undefined, sign: string) =>
      hex === undefined ? (SIGNS[sign] ?? sign) : String.fromCharCode(Number.parseInt(hex, 16)),
    );
