// A start from the words of the command line on, in one import: each further one is a round of the loader.

import { openJournal } from "../operate/journal.ts";
import { runDaemon } from "./daemon.ts";
import { type PrepareOptions, prepare } from "./prepare.ts";

/** Refuses, or gives a daemon that goes on by itself. */
export async function start(options: PrepareOptions, level: string): Promise<void> {
  const journal = await openJournal(level);
  runDaemon(prepare(options, journal), options, journal);
}
