// What a checker reads from a packet, by a reader of its own.

/** The priority of an advertisement, the third byte behind the IP header; null when it is none. */
export function priorityOf(packet: Uint8Array): number | null {
  const version = (packet[0] ?? 0) >> 4;
  const [protocol, start] = version === 4 ? [packet[9], ((packet[0] ?? 0) & 15) * 4] : [packet[6], 40];
  return protocol === 112 ? (packet[start + 2] ?? null) : null;
}
