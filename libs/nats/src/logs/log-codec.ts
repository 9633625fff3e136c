import type { PlacedChunk } from "@shoal/core";

// The first byte names the stream, the next ones its generation and its place as big-endian doubles, exact up to 2^53;
// the rest is the unchanged output.
const marks = { stdout: 1, stderr: 2 } as const;
const generationAt = 1;
const placeAt = generationAt + 8;
const outputAt = placeAt + 8;

/** A chunk as one message. */
export function encodeChunk({ stream, generation, at, bytes }: PlacedChunk): Uint8Array {
  const message = new Uint8Array(outputAt + bytes.length);
  message[0] = marks[stream];
  const view = new DataView(message.buffer);
  view.setFloat64(generationAt, generation);
  view.setFloat64(placeAt, at);
  message.set(bytes, outputAt);
  return message;
}

/** Reads a message; undefined when it is no chunk. */
export function decodeChunk(message: Uint8Array): PlacedChunk | undefined {
  const stream = message[0] === marks.stdout ? "stdout" : "stderr";
  if (message[0] !== marks[stream] || message.length < outputAt) return undefined;
  const view = new DataView(message.buffer, message.byteOffset);
  const [generation, at] = [view.getFloat64(generationAt), view.getFloat64(placeAt)];
  return Number.isSafeInteger(generation) && Number.isSafeInteger(at) && at >= 0
    ? { stream, generation, at, bytes: new Uint8Array(message.subarray(outputAt)) }
    : undefined;
}
