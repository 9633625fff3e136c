import { Fault } from "@shoal/core";
import { type Frame, frameLengths, prefixBytes } from "./sandbox/frame.ts";
import { bodyBytesMax, pathBytesMax } from "./sandbox/protocol.ts";

// The longest header contains two paths, which JSON can make six times as long, and some numbers.
const headerBytesMax = 12 * pathBytesMax + 16_384;

/** Splits the stream of a guest's process into frames. Ends with the stream; throws a Fault for a frame that is too large. */
export async function* framesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Frame, void, void> {
  let held: Uint8Array = new Uint8Array(0);
  let expected = prefixBytes;
  let parts: Uint8Array[] = [];
  let gathered = 0;
  for await (const chunk of stream) {
    parts.push(chunk);
    gathered += chunk.byteLength;
    // Joined only when there are enough bytes for the next step: a large frame arrives in many chunks.
    if (gathered < expected) continue;
    held = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (expected = sizeOf(held); held.byteLength >= expected; expected = sizeOf(held)) {
      yield cut(held.subarray(0, expected));
      held = held.subarray(expected);
    }
    parts = [held];
    gathered = held.byteLength;
  }
}

/** Size of the frame that begins here, or of its header while that is incomplete. */
function sizeOf(held: Uint8Array): number {
  if (held.byteLength < prefixBytes) return prefixBytes;
  const { headerBytes, bodyBytes } = frameLengths(held);
  if (headerBytes > headerBytesMax || bodyBytes > bodyBytesMax) {
    throw new Fault("ENGINE_FAILED", `the guest's process sent a frame of ${headerBytes} + ${bodyBytes} bytes`);
  }
  return prefixBytes + headerBytes + bodyBytes;
}

const decoder = new TextDecoder();

function cut(frame: Uint8Array): Frame {
  const { headerBytes } = frameLengths(frame);
  const body = prefixBytes + headerBytes;
  return { header: decoder.decode(frame.subarray(prefixBytes, body)), body: frame.subarray(body) };
}
