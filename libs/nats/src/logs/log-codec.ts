import type { PlacedChunk } from "@shoal/core";

// The first byte names the stream, the next eight its place as a big-endian double, exact up to 2^53 bytes; the rest is
// the unchanged output.
const marks = { stdout: 1, stderr: 2 } as const;
const placeAt = 1;
const outputAt = placeAt + 8;

/** A chunk as one message. */
export function encodeChunk({ stream, at, bytes }: PlacedChunk): Uint8Array {
  const message = new Uint8Array(outputAt + bytes.length);
  message[0] = marks[stream];
  new DataView(message.buffer).setFloat64(placeAt, at);
  message.set(bytes, outputAt);
  return message;
}

/** Reads a message; undefined when it is no chunk. */
export function decodeChunk(message: Uint8Array): PlacedChunk | undefined {
  const stream = message[0] === marks.stdout ? "stdout" : "stderr";
  if (message[0] !== marks[stream] || message.length < outputAt) return undefined;
  const at = new DataView(message.buffer, message.byteOffset).getFloat64(placeAt);
  return Number.isSafeInteger(at) && at >= 0
    ? { stream, at, bytes: new Uint8Array(message.subarray(outputAt)) }
    : undefined;
}
