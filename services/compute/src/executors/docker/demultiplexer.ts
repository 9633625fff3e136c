import { Fault } from "@shoal/core";

type OutputSink = (stream: "stdout" | "stderr", chunk: Uint8Array) => void;

// The engine's framing of a container's output: one byte for the stream, three zero bytes, four bytes of length, then
// the data.
const headerBytes = 8;
const lengthAt = 4;
// Stream 3 carries the engine's own error about a log that it could not read further.
const streams = ["stdout", "stdout", "stderr", "stderr"] as const;

/**
 * Splits the engine's framed output, which arrives in arbitrary pieces, and passes the bytes on without buffering.
 * Throws a Fault when the frames are invalid. The demultiplexer of the client library buffers whole frames and recurses
 * for each, so a chunk of many short lines overflows the stack.
 */
export function demultiplexer(output: OutputSink): (chunk: Uint8Array) => void {
  const header = Buffer.alloc(headerBytes);
  let headed = 0;
  let left = 0;
  let stream: "stdout" | "stderr" = "stdout";
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const end = Math.min(at + left, chunk.length);
        output(stream, chunk.subarray(at, end));
        left -= end - at;
        at = end;
        continue;
      }
      const end = Math.min(at + headerBytes - headed, chunk.length);
      header.set(chunk.subarray(at, end), headed);
      headed += end - at;
      at = end;
      if (headed < headerBytes) return;
      headed = 0;
      stream = streamOf(header);
      left = header.readUInt32BE(lengthAt);
    }
  };
}

function streamOf(header: Buffer): "stdout" | "stderr" {
  const stream = streams[header[0] ?? -1];
  if (stream === undefined)
    throw new Fault("ENGINE_FAILED", `expected stream 0 to 3 in the engine's log, got ${header[0]}`);
  return stream;
}
