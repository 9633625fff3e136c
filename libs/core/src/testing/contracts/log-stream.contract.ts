import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LogChunk, LogReader, LogSender, PlacedChunk } from "../../ports/log-stream.ts";
import { record } from "./recorded.ts";

/** A log stream under test, empty at first. */
export interface OutputHarness {
  readonly reader: LogReader;
  readonly sender: LogSender;
  close?(): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const chunkOf = (text: string, stream: LogChunk["stream"] = "stdout", at = 0): PlacedChunk => ({
  ...{ stream, generation: 1, at },
  bytes: encoder.encode(text),
});
const textOf = (chunks: readonly LogChunk[]) =>
  chunks.map(({ stream, bytes }) => `${stream} ${decoder.decode(bytes)}`).join(", ");

async function follow(harness: OutputHarness, executionId: string, tail: boolean) {
  const chunks = record<PlacedChunk>();
  const caughtUp = record<number>();
  const listener = { chunk: chunks.push, caughtUp: () => caughtUp.push(chunks.all.length) };
  const reading = await harness.reader.read(executionId, { tail }, listener);
  return { chunks, caughtUp, close: () => reading.close() };
}

/** The contract of every log stream, in memory or on a server. */
export function logStreamContract(name: string, make: () => Promise<OutputHarness>): void {
  describe(`${name}, as a log stream`, () => {
    let harness: OutputHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });
    /** Writes, and waits until a reader from the beginning has received it: only then it is stored for others. */
    const written = async (executionId: string, chunks: readonly PlacedChunk[]) => {
      const reading = await follow(harness, executionId, false);
      for (const chunk of chunks) harness.sender.send(executionId, chunk);
      await reading.chunks.atLeast(chunks.length);
      await reading.close();
    };

    it("delivers stored output, calls caughtUp, and continues with new output", async () => {
      await written("e-1", [chunkOf("a"), chunkOf("b", "stderr")]);
      const reading = await follow(harness, "e-1", false);
      expect(await reading.caughtUp.atLeast(1)).toEqual([2]);
      harness.sender.send("e-1", chunkOf("c"));
      expect(textOf(await reading.chunks.atLeast(3))).toBe("stdout a, stderr b, stdout c");
      await reading.close();
    });
    it("begins with new output when tail is set", async () => {
      await written("e-1", [chunkOf("a")]);
      const reading = await follow(harness, "e-1", true);
      expect(await reading.caughtUp.atLeast(1)).toEqual([0]);
      harness.sender.send("e-1", chunkOf("b"));
      expect(textOf(await reading.chunks.atLeast(1))).toBe("stdout b");
      await reading.close();
    });
    it("is caught up at once when nothing was written", async () => {
      const reading = await follow(harness, "e-1", false);
      expect(await reading.caughtUp.atLeast(1)).toEqual([0]);
      await reading.close();
    });
    it("separates executions", async () => {
      const reading = await follow(harness, "e-1", false);
      harness.sender.send("e-2", chunkOf("other"));
      harness.sender.send("e-1", chunkOf("mine"));
      expect(textOf(await reading.chunks.atLeast(1))).toBe("stdout mine");
      await reading.close();
    });
    it("keeps bytes unchanged", async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const reading = await follow(harness, "e-1", false);
      harness.sender.send("e-1", { stream: "stdout", generation: 1, at: 0, bytes });
      expect((await reading.chunks.atLeast(1))[0]?.bytes).toEqual(bytes);
      await reading.close();
    });
    it("keeps the generation and the place of each chunk, an empty one too", async () => {
      const reading = await follow(harness, "e-1", false);
      for (const at of [0, 7, 2 ** 40]) harness.sender.send("e-1", chunkOf("a", "stdout", at));
      harness.sender.send("e-1", { ...chunkOf("", "stderr", 5), generation: 2 ** 41 });
      const received = await reading.chunks.atLeast(4);
      const places = received.map(({ stream, generation, at, bytes }) => [stream, generation, at, bytes.length]);
      expect(places).toEqual([
        ["stdout", 1, 0, 1],
        ["stdout", 1, 7, 1],
        ["stdout", 1, 2 ** 40, 1],
        ["stderr", 2 ** 41, 5, 0],
      ]);
      await reading.close();
    });
    it("waits for a full reader, and then continues", async () => {
      const most = 100;
      const texts = Array.from({ length: most }, (_, index) => `${index}`);
      const chunks = record<string>();
      const opened = Promise.withResolvers<void>();
      let isOpen = false;
      const reading = await harness.reader.read(
        "e-1",
        { tail: false },
        {
          chunk: ({ bytes }) => chunks.push(decoder.decode(bytes)),
          caughtUp: () => {},
          room: () => (isOpen || chunks.all.length === 0 ? undefined : opened.promise),
        },
      );
      await written(
        "e-1",
        texts.map((text) => chunkOf(text)),
      );
      expect(chunks.all.length).toBeLessThan(most / 2);
      isOpen = true;
      opened.resolve();
      expect(await chunks.atLeast(most)).toEqual(texts);
      await reading.close();
    });
    it("delivers nothing once closed", async () => {
      const [closed, open] = [await follow(harness, "e-1", false), await follow(harness, "e-1", false)];
      await closed.close();
      harness.sender.send("e-1", chunkOf("a"));
      await open.chunks.atLeast(1);
      expect(closed.chunks.all).toEqual([]);
      await open.close();
    });
  });
}
