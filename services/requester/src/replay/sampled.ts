import type { Sampled } from "./report.ts";

// As many as a person reads before mending the first.
const firstMax = 20;

/** A list of which only the beginning is kept. */
export interface Sampling<T> {
  add(item: T): void;
  taken(): Sampled<T>;
}

/** Several samples as one, in order. */
export function mergeSampled<T>(all: readonly Sampled<T>[], order: (one: T, other: T) => number): Sampled<T> {
  const first = all.flatMap((each) => each.first).sort(order);
  return { count: all.reduce((sum, { count }) => sum + count, 0), first: first.slice(0, firstMax) };
}

/** An empty one. */
export function sampling<T>(): Sampling<T> {
  const first: T[] = [];
  let count = 0;
  return {
    add(item) {
      count += 1;
      if (first.length < firstMax) first.push(item);
    },
    taken: () => ({ count, first }),
  };
}
