import { expect, it } from "vitest";
import { addCounts, countWords, firstDifference } from "./count-words.ts";

const text = new TextEncoder().encode("The cat, the Übermut — the CAT2.\n");

it("counts words regardless of case, and treats non-ASCII characters as letters", () => {
  expect([...countWords(text)]).toEqual([
    ["the", 3],
    ["cat", 1],
    ["Übermut", 1],
    ["—", 1],
    ["cat2", 1],
  ]);
});

it("adds up partitions, and finds where two counts differ", () => {
  const sum = new Map<string, number>();
  addCounts(sum, "cat\t1\nthe\t2\n");
  addCounts(sum, "the\t1\n—\t1\nÜbermut\t1\ncat2\t1\n");
  expect(firstDifference(sum, countWords(text))).toBeUndefined();
  addCounts(sum, "cat\t1\n");
  expect(firstDifference(sum, countWords(text))).toBe("cat");
});
