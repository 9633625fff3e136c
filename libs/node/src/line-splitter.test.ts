import { expect, it } from "vitest";
import { lineSplitter } from "./line-splitter.ts";

it("returns whole lines, wherever the bytes are cut", () => {
  const bytes = Buffer.from("é\n😀b\n\nlast");
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = lineSplitter({ lineChars: 100 });
    const lines = [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut)), splitter.rest()];
    expect(lines).toEqual(["é\n", "😀b\n", "\n", "last"]);
  }
});

it("returns a line without an end in pieces", () => {
  const splitter = lineSplitter({ lineChars: 100 });
  const pieces = Array.from({ length: 5 }, () => splitter.push(Buffer.alloc(60, "x"))).flat();
  expect([...pieces, splitter.rest()]).toEqual(["x".repeat(120), "x".repeat(120), "x".repeat(60)]);
});
