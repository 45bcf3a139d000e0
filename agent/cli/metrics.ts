// heird metrics: the figures of a running daemon, as Prometheus reads them.

import { ask, type InPieces, socketPath } from "../operate/control.ts";
import { EXIT, Refusal } from "./refusal.ts";

export async function metrics(stateDirectory: string): Promise<number> {
  const { pieces } = (await ask(stateDirectory, "metrics").catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Refusal(EXIT.unreachable, `no daemon answers on ${socketPath(stateDirectory)} (${why})`);
  })) as InPieces;
  for (const piece of pieces) process.stdout.write(piece);
  return EXIT.ok;
}
