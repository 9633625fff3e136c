/** A frame: two 32-bit little-endian lengths, a header in JSON, and bytes. */
export interface Frame {
  readonly header: string;
  readonly body: Uint8Array;
}

/** Bytes of the two lengths before a frame. */
export const prefixBytes = 8;

const encoder = new TextEncoder();
const empty = new Uint8Array(0);

/** The bytes before the body. The body is not copied: it is sent after them. */
export function frameHead(header: unknown, body: Uint8Array = empty): Uint8Array {
  const text = encoder.encode(JSON.stringify(header));
  const head = new Uint8Array(prefixBytes + text.byteLength);
  const lengths = new DataView(head.buffer);
  lengths.setUint32(0, text.byteLength, true);
  lengths.setUint32(4, body.byteLength, true);
  head.set(text, prefixBytes);
  return head;
}

/** Both lengths of a frame, from its first bytes. */
export function frameLengths(prefix: Uint8Array): { readonly headerBytes: number; readonly bodyBytes: number } {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefixBytes);
  return { headerBytes: view.getUint32(0, true), bodyBytes: view.getUint32(4, true) };
}
