import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { lineOf, tidy } from "./tidy.ts";
import { readTree } from "./tree.ts";

it("the whole tree is tidy", () => {
  const tree = readTree(fileURLToPath(new URL("../..", import.meta.url)));
  expect(tidy(tree).map(lineOf)).toEqual([]);
  // It parses every file: seconds of computing, and many times that on a machine that is busy.
}, 120_000);
