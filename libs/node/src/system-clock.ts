import type { Clock } from "@shoal/core";

// setTimeout takes a signed 32-bit number of milliseconds and fires at once above it; longer waits use several timers.
const timeoutMaxMs = 2 ** 31 - 1;

interface Alarm {
  readonly at: number;
  /** Undefined once cancelled, so that its references can be collected. */
  callback: (() => void) | undefined;
}

// Cancelled alarms stay in the heap until they are due. From this number on they are removed together once they are the majority.
const sweptFrom = 1024;

/**
 * The machine's clock. One timer runs for any number of alarms. With `unref` a waiting alarm does not keep the process alive.
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
      // A callback that throws must not stop the later alarms.
      arm();
    }
  }

  /** Removes cancelled alarms. A list sorted by time is a valid heap. */
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
