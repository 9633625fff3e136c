import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { demultiplexer } from "./demultiplexer.ts";

const frame = (stream: number, text: string) => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

function collect() {
  const printed = { stdout: "", stderr: "" };
  const take = demultiplexer((stream, chunk) => {
    printed[stream] += Buffer.from(chunk).toString("latin1");
  });
  return { printed, take };
}

describe("the demultiplexer", () => {
  it("delivers every byte to its stream, however the frames are split", () => {
    const texts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.stringMatching(/^[a-z]{0,20}$/)), { maxLength: 30 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(50)), (frames, cuts) => {
        const { printed, take } = collect();
        let bytes = Buffer.concat(frames.map(([stream, text]) => frame(stream, text)));
        for (const cut of cuts) {
          take(bytes.subarray(0, cut));
          bytes = bytes.subarray(cut);
        }
        take(bytes);
        const of = (desired: number) => frames.map(([stream, text]) => (stream === desired ? text : "")).join("");
        expect(printed).toEqual({ stdout: of(1), stderr: of(2) });
      }),
    );
  });

  it("accepts any number of short frames in one piece", () => {
    const { printed, take } = collect();
    take(Buffer.concat(Array.from({ length: 100_000 }, () => frame(1, "\n"))));
    expect(printed.stdout).toHaveLength(100_000);
  });

  it("delivers the received part of a long frame before the rest", () => {
    const { printed, take } = collect();
    take(frame(2, "x".repeat(100)).subarray(0, 58));
    expect(printed.stderr).toHaveLength(50);
  });

  it("refuses an invalid frame", () => {
    expect(() => collect().take(Buffer.from("plain text"))).toThrow("expected stream 0 to 3");
  });
});
