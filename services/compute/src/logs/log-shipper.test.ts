import type { PlacedChunk } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { createLogShipper } from "./log-shipper.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = ({ bytes: sent }: PlacedChunk) => new TextDecoder().decode(sent);

function harness() {
  const clock = createManualClock(0);
  const sent: PlacedChunk[] = [];
  const open = createLogShipper({ send: (_id, chunk) => sent.push(chunk) }, clock);
  return { clock, sent, log: open({ executionId: "e-1", generation: 7 }) };
}

describe("a log shipper", () => {
  it("sends the output of one tick together, by stream and in order", async () => {
    const { clock, sent, log } = harness();
    for (const word of ["a", "b", "c"]) log.write({ stream: "stdout", bytes: bytes(word) });
    log.write({ stream: "stderr", bytes: bytes("x") });
    await clock.settle();
    log.write({ stream: "stdout", bytes: bytes("d") });
    await clock.settle();
    expect(sent.map((chunk) => [chunk.stream, text(chunk)])).toEqual([
      ["stdout", "abc"],
      ["stderr", "x"],
      ["stdout", "d"],
    ]);
  });

  it("does not keep memory of the caller", async () => {
    const { clock, sent, log } = harness();
    const chunk = bytes("mine");
    log.write({ stream: "stdout", bytes: chunk });
    chunk.fill(0);
    await clock.settle();
    expect(sent.map(text)).toEqual(["mine"]);
  });

  it("splits large output into messages", async () => {
    const { clock, sent, log } = harness();
    log.write({ stream: "stdout", bytes: new Uint8Array(150_000) });
    await clock.settle();
    expect(sent.map((chunk) => chunk.bytes.length)).toEqual([65_536, 65_536, 18_928]);
  });

  it("drops output over the rate, and continues at its place when tokens are available", async () => {
    const { clock, sent, log } = harness();
    const megabyte = new Uint8Array(1024 * 1024);
    for (let n = 0; n < 8; n++) log.write({ stream: "stdout", bytes: megabyte });
    await clock.settle();
    const ends = () => sent.map(({ at, bytes: output }) => at + output.length);
    expect(Math.max(...ends())).toBe(4 * megabyte.length);
    // One second for the MiB, and a moment for the cost of its messages.
    await clock.advance(1_100);
    log.write({ stream: "stdout", bytes: megabyte });
    await clock.settle();
    expect(Math.max(...ends())).toBe(9 * megabyte.length);
    const gaps = sent.flatMap(({ at }, index) => (at === (index === 0 ? 0 : ends()[index - 1]) ? [] : [at]));
    expect(gaps).toEqual([8 * megabyte.length]);
  });

  it("counts what is dropped between two pieces of one tick, by stream", async () => {
    const { clock, sent, log } = harness();
    const write = (stream: "stdout" | "stderr", length: number) => log.write({ stream, bytes: new Uint8Array(length) });
    write("stdout", 10);
    write("stdout", 5 * 2 ** 20);
    write("stderr", 3);
    write("stdout", 20);
    await clock.settle();
    expect(sent.map(({ stream, at, bytes: output }) => [stream, at, output.length])).toEqual([
      ["stdout", 0, 10],
      ["stdout", 10 + 5 * 2 ** 20, 20],
      ["stderr", 0, 3],
    ]);
  });

  it("sends the place of the end when it is closed after output was dropped", () => {
    const { sent, log } = harness();
    log.write({ stream: "stderr", bytes: new Uint8Array(5 * 2 ** 20) });
    log.close();
    expect(sent).toEqual([{ stream: "stderr", generation: 7, at: 5 * 2 ** 20, bytes: new Uint8Array() }]);
  });

  it("sends few messages, even when output arrives one byte at a time", async () => {
    const { clock, sent, log } = harness();
    const byte = bytes("x");
    for (let n = 0; n < 30_000; n++) {
      log.write({ stream: "stdout", bytes: byte });
      await undefined;
      await undefined;
    }
    await clock.settle();
    // The burst of 4 MiB in messages that cost 256 bytes more than their payload.
    expect(sent.length).toBeLessThanOrEqual(Math.ceil((4 * 2 ** 20) / 257));
    expect(sent.length).toBeGreaterThan(10_000);
  });

  it("sends pending output when it is closed", () => {
    const { sent, log } = harness();
    log.write({ stream: "stdout", bytes: bytes("last") });
    log.close();
    expect(sent.map(text)).toEqual(["last"]);
  });
});
