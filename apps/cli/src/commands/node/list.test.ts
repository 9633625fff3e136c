import { expect, it } from "vitest";
import { rangesOf } from "./list.ts";

it.each([
  [[], ""],
  [[3], "3"],
  [[0, 1, 2, 3], "0-3"],
  [[0, 2, 3, 7, 8, 9, 15], "0,2-3,7-9,15"],
])("shows shards %j as %j", (shards, text) => {
  expect(rangesOf(shards)).toBe(text);
});
