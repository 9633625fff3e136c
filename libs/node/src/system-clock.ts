import type { Clock } from "@shoal/core";

// setTimeout takes a signed 32-bit number of milliseconds and fires at once above it; longer waits are made of several.
const timeoutMaxMs = 2 ** 31 - 1;

interface Alarm {
  readonly at: number;
  /** Undefined once cancelled: what it would have reached must not be kept until then. */
  callback: (() => void) | undefined;
}

// Cancelled alarms stay in their places until they are reached; when they are so many, and most of all, they are swept out at once.
const sweptFrom = 1024;

/**
 * The machine's clock. However many alarms wait, one timer runs. With `unref` a waiting alarm does not keep the
 * process alive.
 */
export function systemClock({ unref = false }: { readonly unref?: boolean } = {}): Clock {
  let heap: Alarm[] = [];
  let cancelled = 0;
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;

  function arm(): void {
    while (heap[0] !== undefined && heap[0].callback === undefined) {
      removeFirst(heap);
      cancelled--;
    }
    const next = heap[0];
    if (next === undefined || next.at === armedFor) return;
    clearTimeout(timer);
    armedFor = next.at;
    timer = setTimeout(ring, Math.min(Math.max(next.at - Date.now(), 0), timeoutMaxMs));
    if (unref) timer.unref();
  }

  function ring(): void {
    armedFor = Number.POSITIVE_INFINITY;
    try {
      for (let next = heap[0]; next !== undefined && next.at <= Date.now(); next = heap[0]) {
        removeFirst(heap);
        const { callback } = next;
        next.callback = undefined;
        if (callback === undefined) cancelled--;
        else callback();
      }
    } finally {
      // A callback that throws must not silence the alarms behind it.
      arm();
    }
  }

  /** In order of time a list is a heap too. */
  function sweep(): void {
    heap = heap.filter(({ callback }) => callback !== undefined).sort((a, b) => a.at - b.at);
    cancelled = 0;
  }

  return {
    now: () => Date.now(),
    at(at, callback) {
      const alarm: Alarm = { at, callback };
      add(heap, alarm);
      if (at < armedFor) arm();
      return () => {
        if (alarm.callback === undefined) return;
        alarm.callback = undefined;
        cancelled++;
        if (cancelled >= sweptFrom && cancelled * 2 > heap.length) sweep();
        if (heap[0] !== alarm && heap.length > 0) return;
        arm();
        if (heap.length > 0) return;
        clearTimeout(timer);
        armedFor = Number.POSITIVE_INFINITY;
      };
    },
  };
}

function add(heap: Alarm[], alarm: Alarm): void {
  let index = heap.push(alarm) - 1;
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || parent.at <= alarm.at) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = alarm;
}

function removeFirst(heap: Alarm[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const nearer = (heap[left + 1]?.at ?? Number.POSITIVE_INFINITY) < (heap[left]?.at ?? 0) ? left + 1 : left;
    const child = heap[nearer];
    if (child === undefined || last.at <= child.at) break;
    heap[index] = child;
    index = nearer;
  }
  heap[index] = last;
}
