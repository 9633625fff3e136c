import { Fault } from "@shoal/core";

type OutputSink = (stream: "stdout" | "stderr", chunk: Uint8Array) => void;

// The engine's framing of a container's output: one byte of stream, three of nothing, four of length, then the bytes.
const headerBytes = 8;
const lengthAt = 4;
// Stream 3 is the engine's own word about a log that it could not read further.
const streams = ["stdout", "stdout", "stderr", "stderr"] as const;

/**
 * Takes the engine's framed output in pieces cut anywhere, and hands the bytes on as they come, holding none back. Throws a Fault when
 * the frames make no sense. The client library's own one keeps whole frames and recurses for each, so that a chunk of
 * many short lines exhausts the stack.
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
    throw new Fault("ENGINE_FAILED", `the engine's log names a stream ${header[0]}, not 0 to 3`);
  return stream;
}
