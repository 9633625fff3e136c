import { expect, it } from "vitest";
import { isShallow, levelsMax } from "./levels.ts";

const nested = (levels: number): unknown => {
  let data: unknown = 1;
  for (let level = 0; level < levels; level++) data = level % 2 === 0 ? [data] : { data };
  return data;
};

it("data is shallow up to the limit, and any deeper data is not", () => {
  for (const flat of [1, "text", null, undefined, [], {}, new Uint8Array(9)]) expect(isShallow(flat)).toBe(true);
  expect(isShallow(nested(levelsMax))).toBe(true);
  expect(isShallow(nested(levelsMax + 1))).toBe(false);
  expect(isShallow([1, { a: nested(1_000_000) }])).toBe(false);
});
