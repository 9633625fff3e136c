import { describe, expect, it } from "vitest";
import { lineWriterOf } from "./line-writer.ts";

function harness(isWhole: boolean) {
  const lines: string[] = [];
  const writer = lineWriterOf("e-1", { isWhole, line: ({ stream, line }) => lines.push(`${stream} ${line}`) });
  const chunk = (stream: "stdout" | "stderr", at: number, text: string) =>
    writer.chunk({ stream, at, bytes: Buffer.from(text) });
  return { lines, chunk, rest: writer.rest };
}

describe("missing output", () => {
  it("is marked in stderr with the number of bytes, between the lines around it", () => {
    const { lines, chunk, rest } = harness(true);
    chunk("stdout", 0, "one\ntw");
    chunk("stderr", 0, "warn");
    chunk("stdout", 100, "ore\nlast");
    rest();
    expect(lines).toEqual([
      "stdout one\n",
      "stdout tw",
      "stderr warn",
      "stderr [shoal: 94 bytes of stdout are missing here]\n",
      "stdout ore\n",
      "stdout last",
    ]);
  });
  it("is marked at the beginning and at the end", () => {
    const { lines, chunk } = harness(true);
    chunk("stderr", 7, "late\n");
    chunk("stderr", 20, "");
    expect(lines).toEqual([
      "stderr [shoal: 7 bytes of stderr are missing here]\n",
      "stderr late\n",
      "stderr [shoal: 8 bytes of stderr are missing here]\n",
    ]);
  });
  it("is not what a reader of the tail has not asked for", () => {
    const { lines, chunk } = harness(false);
    chunk("stdout", 500, "now\n");
    chunk("stdout", 510, "later\n");
    expect(lines).toEqual(["stdout now\n", "stderr [shoal: 6 bytes of stdout are missing here]\n", "stdout later\n"]);
  });
  it("is not seen where a restarted node counts from the beginning", () => {
    const { lines, chunk } = harness(true);
    chunk("stdout", 0, "before\n");
    chunk("stdout", 0, "after\n");
    chunk("stdout", 6, "more\n");
    expect(lines).toEqual(["stdout before\n", "stdout after\n", "stdout more\n"]);
  });
});
