import { describe, expect, it } from "vitest";
import { createEventReader, eventCharsMax } from "./event-reader.ts";
import type { FeedEvent } from "./feed-event.ts";

const envelope = (subject: string) =>
  JSON.stringify({ specversion: "1.0", id: "i", source: "/s", type: "shoal.JobStarted", subject, time: "t", data: {} });

const stream = [
  `\uFEFF: a comment\n`,
  `id: 7.0\nevent: JobStarted\ndata: ${envelope("größer ✓ 🐟")}\n\n`,
  `id:7.1\r\nevent:JobStarted\r\ndata:${envelope("two").replace(",", ",\r\ndata:")}\r\n\r\n`,
  `retry: 10\nunknown: x\ndata: no id\n\n`,
  ": nothing to dispatch\n\nevent: forgotten\n\n",
  `id: 8.0\ndata: ${envelope("three")}\n\n`,
  "id: 9.0\ndata: cut off",
].join("");

const expected = [
  ["7.0", "größer ✓ 🐟"],
  ["7.1", "two"],
  ["8.0", "three"],
];

function read(pieces: readonly Uint8Array[]) {
  const reader = createEventReader();
  const decoder = new TextDecoder();
  const events: FeedEvent[] = pieces.flatMap((piece) => reader.push(decoder.decode(piece, { stream: true })));
  return events.map(({ id, cloudEvent }) => [id, cloudEvent.subject]);
}

describe("an event reader", () => {
  const bytes = new TextEncoder().encode(stream);

  it("reads a stream in one piece", () => {
    expect(read([bytes])).toEqual(expected);
  });

  it("reads the same when the stream is cut in two at any byte", () => {
    for (let at = 0; at <= bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)]), `cut at byte ${at}`).toEqual(expected);
    }
  });

  it("reads the same byte by byte", () => {
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  it("refuses an event without an end", () => {
    const reader = createEventReader();
    reader.push("data: ");
    expect(() => reader.push("x".repeat(eventCharsMax + 1))).toThrow(/more than/);
  });

  it("refuses a message that is not an event", () => {
    expect(() => createEventReader().push("id: 1.0\ndata: {}\n\n")).toThrow(/malformed event/);
  });
});
