// A start from the words of the command line on, in one import: each further one is a round of the loader.

import { within } from "../log/patience.ts";
import { type Journal, openJournal } from "../operate/journal.ts";
import { runDaemon } from "./daemon.ts";
import { type Prepared, type PrepareOptions, prepare } from "./prepare.ts";

/** Refuses, or gives a daemon that goes on by itself. */
export async function start(options: PrepareOptions, level: string): Promise<void> {
  const journal = await openJournal(level);
  runDaemon(await prepared(options, journal), options, journal);
}

/** How long a refusal waits for whoever reads what was said before it, in ms. */
const SAID_BEFORE = 100;

async function prepared(options: PrepareOptions, journal: Journal): Promise<Prepared> {
  try {
    return prepare(options, journal);
  } catch (cause) {
    await within(SAID_BEFORE, new Promise((resolve) => journal.flush(resolve)));
    throw cause;
  }
}
