import { getHeapSpaceStatistics } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { compactHeap } from "./compact-heap.ts";

const mib = 2 ** 20;
const newSpaceBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;

describe("compactHeap", () => {
  it("returns the space for new objects that survivors have enlarged", () => {
    // As modules do while they load: most of it survives, so the space grows.
    const survivors = Array.from({ length: 500_000 }, (_, index) => ({ index }));
    expect(newSpaceBytes()).toBeGreaterThan(4 * mib);
    compactHeap();
    expect(newSpaceBytes()).toBeLessThan(3 * mib);
    expect(survivors).toHaveLength(500_000);
  });
  it("leaves no function for collections to later programs", () => {
    compactHeap();
    expect(runInNewContext("typeof gc")).toBe("undefined");
  });
});
