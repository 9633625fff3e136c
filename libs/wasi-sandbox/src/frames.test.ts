import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { framesOf } from "./frames.ts";
import { frameHead } from "./sandbox/frame.ts";
import { bodyBytesMax } from "./sandbox/protocol.ts";

const sent = [
  { header: { op: "ready" }, body: Buffer.alloc(0) },
  { header: { op: "output", stream: "stdout" }, body: Buffer.from("größe") },
  { header: { op: "ended", exitCode: 0 }, body: Buffer.alloc(0) },
];
const bytes = Buffer.concat(sent.flatMap(({ header, body }) => [frameHead(header, body), body]));

function inPieces(whole: Buffer, size: number): Readable {
  const pieces: Buffer[] = [];
  for (let at = 0; at < whole.byteLength; at += size) pieces.push(whole.subarray(at, at + size));
  return Readable.from(pieces);
}

async function read(stream: Readable) {
  const frames: { header: unknown; body: Buffer }[] = [];
  for await (const { header, body } of framesOf(stream))
    frames.push({ header: JSON.parse(header), body: Buffer.from(body) });
  return frames;
}

describe("frames", () => {
  it.each([1, 3, 7, 50, 1000])("are read as they were written, in pieces of %i bytes", async (size) => {
    expect(await read(inPieces(bytes, size))).toEqual(sent);
  });
  it("end with the stream, also in the middle of one", async () => {
    expect(await read(inPieces(bytes.subarray(0, -1), 50))).toEqual(sent.slice(0, 2));
  });
  it.each([
    ["header", Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])],
    ["body", Buffer.from([2, 0, 0, 0, 1, 0, (bodyBytesMax >> 16) & 255, 0])],
  ])("are refused when their %s is too large, before it arrives", async (_part, prefix) => {
    await expect(read(inPieces(prefix, 50))).rejects.toThrow("sent a frame of");
  });
});
