import type { Write } from "./guarded-write.ts";

interface QueuedWrite {
  write: Write;
  readonly settle: ((ended: Promise<void>) => void)[];
}

/** Adds a write; resolves when it, or a newer one of its key, is stored. */
export type Enqueue = (key: string, write: Write) => Promise<void>;

/**
 * At most one write of a key is in progress. Later writes wait; the newest of them replaces the others, which settle with it.
 * Different keys do not wait for each other.
 */
export function writeQueue(store: (key: string, write: Write) => Promise<void>): Enqueue {
  const lanes = new Map<string, QueuedWrite | undefined>();

  function run(key: string, write: Write): Promise<void> {
    lanes.set(key, undefined);
    const ended = store(key, write);
    const next = () => {
      const waiting = lanes.get(key);
      if (waiting === undefined) return void lanes.delete(key);
      const following = run(key, waiting.write);
      for (const settle of waiting.settle) settle(following);
    };
    ended.then(next, next);
    return ended;
  }

  return (key, write) => {
    if (!lanes.has(key)) return run(key, write);
    return new Promise((settle) => {
      const waiting = lanes.get(key) ?? { write, settle: [] };
      if (write.seq >= waiting.write.seq) waiting.write = write;
      waiting.settle.push(settle);
      lanes.set(key, waiting);
    });
  };
}
