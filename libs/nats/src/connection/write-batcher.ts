/** Does things at the end of this turn of the event loop, in the order in which they were asked for. */
export interface WriteBatcher {
  /** The task does not throw. */
  do(task: () => void): void;
  /** Does at once what waits. */
  now(): void;
}

/**
 * What is said in one turn leaves the process in one write: a write to a socket costs more than making the message. While nothing
 * else happens the end of the turn is now, so this delays nobody.
 */
export function createWriteBatcher(): WriteBatcher {
  let tasks: (() => void)[] = [];
  const now = () => {
    const waiting = tasks;
    tasks = [];
    for (const task of waiting) task();
  };
  return {
    do(task) {
      if (tasks.length === 0) setImmediate(now);
      tasks.push(task);
    },
    now,
  };
}
