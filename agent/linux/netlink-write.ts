// How requests to rtnetlink are put into bytes, RFC 3549 §2: header, fixed part, attributes. Pure: bytes
// in a buffer, to be sent in one piece. The picture of a message stands in netlink.ts.

const NLM_F_REQUEST = 0x1;
/** Asks for an answer also when all is well. */
export const NLM_F_ACK = 0x4;
export const NLM_F_EXCL = 0x200;
export const NLM_F_DUMP = 0x300;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;

export const AF_INET = 2;
export const AF_INET6 = 10;

const encoder = new TextEncoder();

/** Where requests are written, one after the other, to be sent in one piece. */
export type RequestBuffer = { readonly bytes: Uint8Array; readonly view: DataView; length: number };

/** A buffer for so many bytes of requests. */
export function requestBuffer(capacity: number): RequestBuffer {
  const bytes = new Uint8Array(new ArrayBuffer(Math.max(capacity, 128)));
  return { bytes, view: new DataView(bytes.buffer), length: 0 };
}

/** The number of a request, and flags beside those that it has by itself. */
export type Numbered = { readonly seq: number; readonly flags: number };

/** Writes a header; gives where it stands, for `finish`. */
export function begin(to: RequestBuffer, type: number, flags: number, seq: number): number {
  const start = to.length;
  to.view.setUint16(start + 4, type, true);
  number(to, start, flags, seq);
  to.view.setUint32(start + 12, 0, true);
  to.length = start + 16;
  return start;
}

/** Writes the flags and the number of what began at `start`. */
export function number(to: RequestBuffer, start: number, flags: number, seq: number): void {
  to.view.setUint16(start + 6, flags | NLM_F_REQUEST, true);
  to.view.setUint32(start + 8, seq, true);
}

/** Writes the length of what began at `start`: a message. */
export const finish = (to: RequestBuffer, start: number): void => to.view.setUint32(start, to.length - start, true);

export function putUint32(to: RequestBuffer, ...words: number[]): void {
  for (const word of words) putWord(to, word);
}

export function putWord(to: RequestBuffer, word: number): void {
  to.view.setUint32(to.length, word, true);
  to.length += 4;
}

export function putBytes(to: RequestBuffer, ...bytes: number[]): void {
  to.bytes.set(bytes, to.length);
  to.length += bytes.length;
}

/** An attribute: length with its own four bytes, type, value, zeros up to four bytes. */
export function putAttribute(to: RequestBuffer, type: number, value: Uint8Array): void {
  putWord(to, (value.length + 4) | (type << 16));
  to.bytes.set(value, to.length);
  const end = to.length + value.length;
  to.length = (end + 3) & ~3;
  if (to.length > end) to.bytes.fill(0, end, to.length);
}

/** An attribute that is one number. */
export const putNumber = (to: RequestBuffer, type: number, value: number): void =>
  putUint32(to, 8 | (type << 16), value);

/** An attribute that is text with a zero behind it. */
export const putText = (to: RequestBuffer, type: number, text: string): void =>
  putAttribute(to, type, encoder.encode(`${text}\0`));

/** An attribute of attributes. */
export function putNested(to: RequestBuffer, type: number, fill: () => void): void {
  const start = to.length;
  to.length += 4;
  fill();
  to.view.setUint32(start, (to.length - start) | (type << 16), true);
}
