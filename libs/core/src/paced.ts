/** Delivers items in order, with back-pressure. */
export interface Paced<T> {
  add(item: T): void;
  /** A promise while items are held back: the caller should fetch no more until it resolves. */
  room(): Promise<void> | undefined;
  /** Delivers nothing further. */
  close(): void;
}

/** `room` is called after each item; a promise holds the next one back until it resolves. It must not reject. */
export function paced<T extends object>(
  deliver: (item: T) => void,
  room: () => Promise<void> | undefined = () => undefined,
): Paced<T> {
  const waiting: T[] = [];
  let isHeld = false;
  let isClosed = false;
  let end: PromiseWithResolvers<void> | undefined;

  function hand(item: T): void {
    deliver(item);
    const wait = room();
    if (wait === undefined) return;
    isHeld = true;
    end ??= Promise.withResolvers();
    wait.then(goOn);
  }

  function goOn(): void {
    isHeld = false;
    // Each item may fill the reader again.
    while (!isHeld && !isClosed) {
      const next = waiting.shift();
      if (next === undefined) break;
      hand(next);
    }
    if (!isHeld) settle();
  }

  function settle(): void {
    end?.resolve();
    end = undefined;
  }

  return {
    add(item) {
      if (isClosed) return;
      if (isHeld) waiting.push(item);
      else hand(item);
    },
    room: () => end?.promise,
    close() {
      isClosed = true;
      waiting.length = 0;
      settle();
    },
  };
}
