import { expect, it } from "vitest";
import { createPieceQueue } from "./piece-queue.ts";

it("returns the pieces in order, also when the reader never catches up", () => {
  const queue = createPieceQueue<number>(10_000);
  const taken: (number | undefined)[] = [];
  let next = 0;
  for (; next < 5_000; next++) expect(queue.put(next)).toBe(true);
  for (; next < 20_000; next++) {
    taken.push(queue.take());
    expect(queue.put(next)).toBe(true);
  }
  for (let piece = queue.take(); piece !== undefined; piece = queue.take()) taken.push(piece);
  expect(taken).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
});

it("counts only pieces that were not taken towards its limit", () => {
  const queue = createPieceQueue<number>(2);
  expect([queue.put(1), queue.put(2), queue.put(3)]).toEqual([true, true, false]);
  expect(queue.take()).toBe(1);
  expect([queue.put(4), queue.put(5)]).toEqual([true, false]);
  expect([queue.take(), queue.take(), queue.take()]).toEqual([2, 4, undefined]);
});

it("moves each of 100,000 pieces a bounded number of times", () => {
  const count = 100_000;
  const queue = createPieceQueue<number>(count);
  for (let piece = 0; piece < count; piece++) queue.put(piece);
  const { slice, shift } = Array.prototype;
  let moved = 0;
  Array.prototype.slice = function (...given) {
    const copy = slice.apply(this, given);
    moved += copy.length;
    return copy;
  };
  Array.prototype.shift = function () {
    moved += this.length;
    return shift.call(this);
  };
  try {
    for (let piece = 0; piece < count; piece++) if (queue.take() !== piece) throw new Error(`lost piece ${piece}`);
  } finally {
    Object.assign(Array.prototype, { slice, shift });
  }
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(2 * count);
});
