/** Runs tasks at the end of this turn of the event loop, in the order of the calls. */
export interface WriteBatcher {
  /** Adds a task. It must not throw. */
  do(task: () => void): void;
  /** Runs the waiting tasks at once. */
  now(): void;
}

/**
 * Messages of one turn leave the process in one write: a write to a socket costs more than encoding a message. An idle event loop
 * ends its turn at once, so batching adds no delay.
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
