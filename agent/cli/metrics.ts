// heird metrics: the figures of a running daemon, as Prometheus reads them.

import type { InPieces } from "../operate/control.ts";
import { askDaemon } from "./ask.ts";
import { EXIT } from "./refusal.ts";

export async function metrics(stateDirectory: string): Promise<number> {
  const { pieces } = (await askDaemon(stateDirectory, "metrics")) as InPieces;
  for (const piece of pieces) process.stdout.write(piece);
  return EXIT.ok;
}
