import { describe, expect, it } from "vitest";
import { createSseParser, messageCharsMax, type SseMessage } from "./sse-parser.ts";

const stream = [
  "\uFEFF: a comment\n",
  'id: 7.0\nevent: JobSubmitted\ndata: {"name":"größer ✓ 🐟"}\n\n',
  "id:7.1\r\nevent:JobStarted\r\ndata:one\r\ndata:two\r\n\r\n",
  "data\rdata: \r\r",
  "id: bad\0id\nretry: 10\nunknown: x\ndata: still 7.1\n\n",
  ": nothing to dispatch\n\nevent: forgotten\n\n",
  "id: 8.0\ndata: cut off",
].join("");

const messages: readonly SseMessage[] = [
  { id: "7.0", event: "JobSubmitted", data: '{"name":"größer ✓ 🐟"}' },
  { id: "7.1", event: "JobStarted", data: "one\ntwo" },
  { id: "7.1", event: "message", data: "\n" },
  { id: "7.1", event: "message", data: "still 7.1" },
];

function read(pieces: readonly Uint8Array[]): readonly SseMessage[] {
  const parser = createSseParser();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  return pieces.flatMap((piece) => parser.push(decoder.decode(piece, { stream: true })));
}

describe("the parser of server-sent events", () => {
  const bytes = new TextEncoder().encode(stream);

  it("reads a stream in one piece", () => {
    expect(read([bytes])).toEqual(messages);
  });

  it("reads the same when the stream is cut in two at any byte", () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]), `cut at byte ${at}`).toEqual(messages);
    }
  });

  it("reads the same byte by byte", () => {
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(messages);
  });

  it("refuses an event that never ends", () => {
    const parser = createSseParser();
    parser.push("data: ");
    expect(() => parser.push("x".repeat(messageCharsMax + 1))).toThrow(/more than/);
  });
});
