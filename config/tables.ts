// Routing tables that have a name everywhere: RT_TABLE_* of linux/rtnetlink.h.

const TABLES: Readonly<Record<string, number>> = { unspec: 0, default: 253, main: 254, local: 255 };

/** The number of a routing table; undefined for a name that only a machine could tell. */
export const tableOf = (text: string): number | undefined =>
  TABLES[text] ?? (/^\d+$/.test(text) ? Number(text) : undefined);
