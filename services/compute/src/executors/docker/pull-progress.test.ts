import { describe, expect, it } from "vitest";
import { type Progress, pullProgress } from "./pull-progress.ts";

function linesOf(...progress: Progress[]): readonly string[] {
  const lines: string[] = [];
  const report = pullProgress("image:1", [(line) => lines.push(line)]);
  for (const each of progress) report(each);
  return lines;
}

describe("the progress of a pull", () => {
  it("logs each line once, and progress at each quarter", () => {
    const at = (current: number) => ({ id: "layer", status: "Downloading", progressDetail: { current, total: 100 } });
    const lines = linesOf({ status: "Pulling from image" }, at(1), at(20), at(25), at(26), at(99), at(100), at(100));
    expect(lines).toEqual([
      "image:1: Pulling from image",
      "image:1: layer Downloading 0 %",
      "image:1: layer Downloading 25 %",
      "image:1: layer Downloading 75 %",
      "image:1: layer Downloading 100 %",
    ]);
  });

  it("limits the number and the width of lines", () => {
    const many = Array.from({ length: 1_000 }, (_, layer) => ({ id: `${layer}`, status: "x".repeat(1_000) }));
    const lines = linesOf(...many);
    expect(lines).toHaveLength(500);
    expect(lines[0]).toHaveLength(200);
  });

  it("logs to every listener from its registration on", () => {
    const lines: [string[], string[]] = [[], []];
    const listeners = [(line: string) => void lines[0].push(line)];
    const report = pullProgress("i", listeners);
    report({ status: "one" });
    listeners.push((line) => void lines[1].push(line));
    report({ status: "two" });
    expect(lines).toEqual([["i: one", "i: two"], ["i: two"]]);
  });
});
