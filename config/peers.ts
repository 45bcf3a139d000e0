// The lines of unicast_peer.

import { parseAddress } from "../agent/core/address.ts";
import type { DeclaredPeer } from "./declaration.ts";
import { problem, type Report } from "./diagnostic.ts";
import { placeOf, type Statement, type Word } from "./syntax.ts";
import { addressOf, numberOf } from "./values.ts";

/** IP [min_ttl N] [max_ttl N], one per line. */
export function peerLine({ words, place }: Statement, report: Report): DeclaredPeer | undefined {
  const [first, ...options] = words;
  if (first === undefined) return undefined;
  const address = addressOf(first, "unicast_peer", "any", false, report);
  if (address === undefined) return undefined;
  const bounds = { min_ttl: null as number | null, max_ttl: null as number | null };
  for (let i = 0; i < options.length; i++) {
    const word = options[i];
    const value = options[i + 1];
    if (word === undefined) break;
    if ((word.text === "min_ttl" || word.text === "max_ttl") && value !== undefined) {
      bounds[word.text] = numberOf(value, word.text, { min: 0, max: 255, whole: true, unit: "" }, report) ?? null;
      i++;
    } else unknown(word, report);
  }
  return { address, minTtl: bounds.min_ttl, maxTtl: bounds.max_ttl, place };
}

function unknown(word: Word, report: Report): void {
  if (parseAddress(word.text) !== undefined)
    report(
      problem(
        "H0118",
        placeOf(word),
        `${word.text} is a second peer on the line, and Keepalived would drop it`,
        "write one peer per line",
      ),
    );
  else
    report(
      problem("H0110", placeOf(word), `"${word.text}" is no option of a peer`, "options are min_ttl N and max_ttl N"),
    );
}
