import type { Clock } from "../clock.ts";
import type { Prng } from "./prng.ts";

/** A clock that only tests move, and that lets every promise settle between two callbacks. */
export interface ManualClock extends Clock {
  /** Runs what is due up to `at`, in order of time; the time is `at` afterwards. */
  advanceTo(at: number): Promise<void>;
  /** The same, relative to now. */
  advance(ms: number): Promise<void>;
  /** Runs until no callback is planned. Throws after `tasksMax` callbacks: some callback plans itself forever. */
  runUntilIdle(tasksMax?: number): Promise<void>;
  /** Runs the next callback; false when there is none. */
  step(): Promise<boolean>;
  /** Lets every promise settle that can without time passing. */
  settle(): Promise<void>;
  /** When the next callback is due; undefined when there is none. */
  nextAt(): number | undefined;
  /** How many callbacks are planned. */
  planned(): number;
}

interface Planned {
  readonly at: number;
  /** Breaks a tie of times. */
  readonly turn: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

// 2026-01-01: any fixed time works; a real one reads well in a failing test.
const startOfTime = Date.UTC(2026, 0, 1);
// A hundred times what a long simulation needs.
const idleTasksMax = 10_000_000;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A manual clock. Callbacks of one time run in the order they were planned in, or, given a prng, in a seeded order. */
export function createManualClock(startAt: number = startOfTime, prng?: Prng): ManualClock {
  const heap = createHeap();
  let now = startAt;
  let order = 0;
  const runNext = async (): Promise<void> => {
    const next = heap.pop();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.callback?.();
    await settle();
  };
  const advanceTo = async (at: number): Promise<void> => {
    await settle();
    for (let next = heap.peek(); next !== undefined && next.at <= at; next = heap.peek()) await runNext();
    now = Math.max(now, at);
  };
  return {
    now: () => now,
    at(at, callback) {
      const task: Planned = { at, turn: prng?.fraction() ?? 0, order: order++, callback };
      heap.push(task);
      return () => {
        task.callback = undefined;
      };
    },
    advanceTo,
    advance: (ms) => advanceTo(now + ms),
    async runUntilIdle(tasksMax = idleTasksMax) {
      await settle();
      for (let ran = 0; heap.peek() !== undefined; ran++) {
        if (ran === tasksMax) throw new Error(`after ${ran} callbacks there are still ${heap.size()} planned`);
        await runNext();
      }
    },
    async step() {
      await settle();
      if (heap.peek() === undefined) return false;
      await runNext();
      return true;
    },
    settle,
    nextAt: () => heap.peek()?.at,
    planned: () => heap.size(),
  };
}

function isBefore(a: Planned, b: Planned): boolean {
  if (a.at !== b.at) return a.at < b.at;
  return a.turn === b.turn ? a.order < b.order : a.turn < b.turn;
}

/** A binary heap; cancelled tasks leave it when they reach the top. */
function createHeap() {
  const tasks: Planned[] = [];
  const swap = (i: number, j: number): void => {
    const a = tasks[i];
    const b = tasks[j];
    if (a === undefined || b === undefined) return;
    tasks[i] = b;
    tasks[j] = a;
  };
  const before = (i: number, j: number): boolean => {
    const a = tasks[i];
    const b = tasks[j];
    return a !== undefined && b !== undefined && isBefore(a, b);
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const least = before(left + 1, left) ? left + 1 : left;
      if (!before(least, at)) return;
      swap(least, at);
      at = least;
    }
  };
  const take = (): Planned | undefined => {
    const top = tasks[0];
    const last = tasks.pop();
    if (last !== undefined && tasks.length > 0) {
      tasks[0] = last;
      sink();
    }
    return top;
  };
  const peek = (): Planned | undefined => {
    while (tasks[0] !== undefined && tasks[0].callback === undefined) take();
    return tasks[0];
  };
  return {
    push(task: Planned): void {
      let at = tasks.push(task) - 1;
      for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    peek,
    pop: (): Planned | undefined => (peek() === undefined ? undefined : take()),
    size: (): number => tasks.reduce((count, task) => count + (task.callback === undefined ? 0 : 1), 0),
  };
}

/** Advances a clock while any callback is planned, so that tests which only await can use it. */
export function drive(clock: ManualClock): { stop(): void } {
  let driving = true;
  void (async () => {
    while (driving) if (!(await clock.step())) await clock.settle();
  })();
  return {
    stop: () => {
      driving = false;
    },
  };
}
