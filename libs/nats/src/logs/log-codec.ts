import type { LogChunk } from "@shoal/core";

// The first byte names the stream; the rest is the unchanged output.
const marks = { stdout: 1, stderr: 2 } as const;

/** A chunk as one message. */
export function encodeChunk({ stream, bytes }: LogChunk): Uint8Array {
  const message = new Uint8Array(bytes.length + 1);
  message[0] = marks[stream];
  message.set(bytes, 1);
  return message;
}

/** Reads a message; undefined when it is no chunk. */
export function decodeChunk(message: Uint8Array): LogChunk | undefined {
  const stream = message[0] === marks.stdout ? "stdout" : "stderr";
  return message[0] === marks[stream] ? { stream, bytes: new Uint8Array(message.subarray(1)) } : undefined;
}
