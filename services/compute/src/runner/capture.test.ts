import type { LogChunk } from "@shoal/core";
import { describe, expect, it } from "vitest";
import { memoryWorkspace } from "../workspace/memory-workspace.ts";
import { capture, headBytes } from "./capture.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function harness(fileBytesMax = 10_000, outputBytesMax = 20_000) {
  const logged: LogChunk[] = [];
  const files = new Map<string, string | undefined>();
  const workspace = memoryWorkspace(files);
  const taken = capture({
    log: { write: (chunk) => logged.push(chunk), close: () => {} },
    begin: (stream) => workspace.begin(stream),
    fileBytesMax,
    outputBytesMax,
  });
  return { taken, logged, files };
}

describe("a capture", () => {
  it("takes the head for the report, everything for files and the log", () => {
    const { taken, logged, files } = harness();
    taken.output("stdout", bytes("a".repeat(1_500)));
    taken.output("stdout", bytes("b".repeat(1_500)));
    expect(taken.head("stdout")).toEqual({ text: "a".repeat(1_500) + "b".repeat(548), truncated: true });
    expect(taken.head("stderr")).toEqual({ text: "", truncated: false });
    expect(files.get("stdout")).toHaveLength(3_000);
    expect(files.get("stderr")).toBe("");
    expect(logged.map((chunk) => chunk.bytes.length)).toEqual([1_500, 1_500]);
  });

  it("does not mark a text as truncated that fits exactly", () => {
    const { taken } = harness();
    taken.output("stderr", bytes("x".repeat(headBytes)));
    expect(taken.head("stderr")).toEqual({ text: "x".repeat(headBytes), truncated: false });
  });

  it("omits a character at the cut", () => {
    const { taken } = harness();
    taken.output("stdout", bytes(`${"x".repeat(headBytes - 1)}ü and more`));
    expect(taken.head("stdout")).toEqual({ text: "x".repeat(headBytes - 1), truncated: true });
  });

  it("joins a character that arrives in two pieces", () => {
    const { taken } = harness();
    const [first = 0, second = 0] = bytes("ü");
    taken.output("stdout", Uint8Array.of(first));
    taken.output("stdout", Uint8Array.of(second));
    expect(taken.head("stdout").text).toBe("ü");
  });

  it("signals exceeded output, and takes nothing more", () => {
    const { taken, logged } = harness(5, 10);
    taken.output("stdout", bytes("12345"));
    taken.output("stderr", bytes("67890"));
    expect(taken.flooded.aborted).toBe(false);
    taken.output("stderr", bytes("!"));
    expect(taken.flooded.aborted).toBe(true);
    taken.output("stdout", bytes("more"));
    expect(logged).toHaveLength(3);
    expect(taken.head("stdout").text).toBe("12345");
  });

  it("stores nothing for empty writes", () => {
    const { taken, logged, files } = harness();
    for (let n = 0; n < 10_000; n++) taken.output("stdout", new Uint8Array());
    expect(logged).toEqual([]);
    expect(files.get("stdout")).toBe("");
    expect(taken.head("stdout")).toEqual({ text: "", truncated: false });
  });

  it("does not exceed its limits, however small the pieces", () => {
    const { taken, logged, files } = harness(3_000, 5_000);
    for (let n = 0; n < 20_000; n++) taken.output(n % 2 === 0 ? "stdout" : "stderr", bytes("x"));
    expect(taken.flooded.aborted).toBe(true);
    expect(logged).toHaveLength(5_001);
    expect(files.get("stdout")).toHaveLength(2_501);
    expect(taken.head("stderr").text).toHaveLength(headBytes);
  });

  it("cuts files at their limit and continues", () => {
    const { taken, logged, files } = harness(5);
    taken.output("stdout", bytes("abc"));
    taken.output("stdout", bytes("defg"));
    taken.output("stdout", bytes("hi"));
    expect(files.get("stdout")).toBe("abcde");
    expect(logged).toHaveLength(3);
  });
});
