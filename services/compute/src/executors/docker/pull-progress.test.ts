import { describe, expect, it } from "vitest";
import { type Progress, pullProgress } from "./pull-progress.ts";

function emit(...progress: Progress[]): readonly string[] {
  const lines: string[] = [];
  const emitter = pullProgress("image:1", [(line) => lines.push(line)]);
  for (const each of progress) emitter(each);
  return lines;
}

describe("the teller of a pull", () => {
  it("tells each thing once, and progress at each quarter", () => {
    const at = (current: number) => ({ id: "layer", status: "Downloading", progressDetail: { current, total: 100 } });
    const lines = emit({ status: "Pulling from image" }, at(1), at(20), at(25), at(26), at(99), at(100), at(100));
    expect(lines).toEqual([
      "image:1: Pulling from image",
      "image:1: layer Downloading 0 %",
      "image:1: layer Downloading 25 %",
      "image:1: layer Downloading 75 %",
      "image:1: layer Downloading 100 %",
    ]);
  });

  it("tells no more than it may, in number and in width", () => {
    const many = Array.from({ length: 1_000 }, (_, layer) => ({ id: `${layer}`, status: "x".repeat(1_000) }));
    const lines = emit(...many);
    expect(lines).toHaveLength(500);
    expect(lines[0]).toHaveLength(200);
  });

  it("tells everybody who listens, from when they do", () => {
    const lines: [string[], string[]] = [[], []];
    const listeners = [(line: string) => void lines[0].push(line)];
    const emitter = pullProgress("i", listeners);
    emitter({ status: "one" });
    listeners.push((line) => void lines[1].push(line));
    emitter({ status: "two" });
    expect(lines).toEqual([["i: one", "i: two"], ["i: two"]]);
  });
});
