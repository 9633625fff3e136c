import { describe, expect, it } from "vitest";
import { lineWriterOf } from "./line-writer.ts";

function harness(isWhole: boolean) {
  const lines: string[] = [];
  const writer = lineWriterOf("e-1", { isWhole, line: ({ stream, line }) => lines.push(`${stream} ${line}`) });
  let generation = 1;
  const chunk = (stream: "stdout" | "stderr", at: number, text: string) =>
    writer.chunk({ stream, generation, at, bytes: Buffer.from(text) });
  const startAgain = () => {
    generation += 1;
  };
  return { lines, chunk, startAgain, rest: writer.rest };
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
  it("is counted over a restart of the node, which repeats the output of a task that has survived", () => {
    const { lines, chunk } = harness(true);
    chunk("stdout", 0, "one\ntwo\n");
    chunk("stdout", 0, "one\n");
    chunk("stdout", 4, "two\nthree\n");
    chunk("stdout", 20, "five\n");
    expect(lines).toEqual([
      "stdout one\n",
      "stdout two\n",
      "stdout three\n",
      "stderr [shoal: 6 bytes of stdout are missing here]\n",
      "stdout five\n",
    ]);
  });
  it.each([true, false])("is counted from the beginning of each start of the task (whole: %s)", (isWhole) => {
    const { lines, chunk, startAgain } = harness(isWhole);
    chunk("stdout", 0, "before\n");
    startAgain();
    chunk("stdout", 0, "after\n");
    chunk("stdout", 10, "more\n");
    expect(lines).toEqual([
      "stdout before\n",
      "stdout after\n",
      "stderr [shoal: 4 bytes of stdout are missing here]\n",
      "stdout more\n",
    ]);
  });
});
