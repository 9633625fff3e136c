/** A first-in, first-out queue. */
export interface Fifo<T> {
  push(item: T): void;
  shift(): T | undefined;
  first(): T | undefined;
  /** Removes items from the front while the predicate is true. */
  dropWhile(fits: (item: T) => boolean): void;
  size(): number;
}

// Below this number of removed items their memory is not worth a copy.
const compactAbove = 1_024;

/** Creates an empty queue. Array.shift moves every element: with thousands of items that costs more than sending them. */
export function fifo<T>(): Fifo<T> {
  let items: T[] = [];
  let head = 0;
  function step(): void {
    head += 1;
    if (head < compactAbove || head * 2 < items.length) return;
    items = items.slice(head);
    head = 0;
  }
  return {
    push: (item) => void items.push(item),
    shift() {
      const item = items[head];
      if (item !== undefined) step();
      return item;
    },
    first: () => items[head],
    dropWhile(fits) {
      for (let item = items[head]; item !== undefined && fits(item); item = items[head]) step();
    },
    size: () => items.length - head,
  };
}
