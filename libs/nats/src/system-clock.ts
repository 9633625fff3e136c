import type { Clock } from "@shoal/core";

// setTimeout takes a signed 32-bit number of milliseconds and fires at once above it; longer waits are made of several.
const timeoutMaxMs = 2 ** 31 - 1;

interface Alarm {
  readonly at: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * The machine's clock. However many alarms wait, one timer runs. With `unref` a waiting alarm does not keep the
 * process alive.
 */
export function systemClock({ unref = false }: { readonly unref?: boolean } = {}): Clock {
  const heap: Alarm[] = [];
  let timer: NodeJS.Timeout | undefined;
  let armedFor = Number.POSITIVE_INFINITY;

  function arm(): void {
    while (heap[0]?.cancelled === true) removeFirst(heap);
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
        if (!next.cancelled) next.callback();
      }
    } finally {
      // A callback that throws must not silence the alarms behind it.
      arm();
    }
  }

  return {
    now: () => Date.now(),
    at(at, callback) {
      const alarm: Alarm = { at, callback, cancelled: false };
      add(heap, alarm);
      if (at < armedFor) arm();
      return () => {
        alarm.cancelled = true;
        if (heap[0] !== alarm) return;
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
