// Where things stand in a Redis. All keys of one heird cluster have one hash tag, so that they lie in one
// slot of a Redis Cluster and can be read and written together.

/** Whose log a stream is. */
export type StreamName = {
  readonly node: string;
  /** The epoch of the log. */
  readonly epoch: string;
  /** How often the stream of this epoch had to be begun anew because the Redis had another history of it. */
  readonly fork: number;
};

/** A name as it can stand in a key, an ACL pattern and a glob. */
const safe = (name: string): string =>
  name.replace(/[^A-Za-z0-9._-]/gu, (char) =>
    [...new TextEncoder().encode(char)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );

const unsafe = (name: string): string => {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
};

export const logKey = (cluster: string, { node, epoch, fork }: StreamName): string =>
  `heird:{${safe(cluster)}}:log:${safe(node)}:${epoch}${fork === 0 ? "" : `.${fork}`}`;

/** What a node last said about being alive. */
export const markKey = (cluster: string, node: string): string => `heird:{${safe(cluster)}}:mark:${safe(node)}`;

/** Matches every mark of a cluster. */
export const markPattern = (cluster: string): string => `heird:{${safe(cluster)}}:mark:*`;
const MARK = /:mark:([^:]+)$/;

/** Whose mark it is; undefined when it is none of ours. */
export function nodeIn(key: string): string | undefined {
  const node = MARK.exec(key)?.[1];
  return node === undefined ? undefined : unsafe(node);
}

/** Matches every stream of a cluster. */
export const logPattern = (cluster: string): string => `heird:{${safe(cluster)}}:log:*`;
const LOG = /:log:([^:]+):([0-9A-Za-z-]+)(?:\.(\d+))?$/;

/** Undefined when it is no stream of ours. */
export function streamIn(key: string): StreamName | undefined {
  const [, node, epoch, fork = "0"] = LOG.exec(key) ?? [];
  return node === undefined || epoch === undefined ? undefined : { node: unsafe(node), epoch, fork: Number(fork) };
}

/** `<hlc>-<seq>`: times can be asked for as they are, and the same line has the same id for ever. */
export const idOf = ({ hlc, seq }: { readonly hlc: number; readonly seq: number }): string => `${hlc}-${seq}`;

/** The two halves of an id; undefined when it is none. */
export function placeIn(id: string): { readonly hlc: number; readonly seq: number } | undefined {
  const [, hlc, seq] = /^(\d+)-(\d+)$/.exec(id) ?? [];
  return hlc === undefined ? undefined : { hlc: Number(hlc), seq: Number(seq) };
}

/** Whether the first id comes before the second. */
export function precedes(a: string, b: string): boolean {
  const [one, other] = [placeIn(a), placeIn(b)];
  if (one === undefined || other === undefined) return false;
  return one.hlc < other.hlc || (one.hlc === other.hlc && one.seq < other.seq);
}
