import type { ManualClock } from "../manual-clock.ts";

/** A channel that keeps the order of messages: each runs at its time, but never before the preceding ones. */
export interface FifoChannel {
  push(at: number, run: () => void): void;
  isEmpty(): boolean;
}

/** `openAt` returns from when on messages may pass: now, or later while the channel is blocked. */
export function createFifoChannel(clock: ManualClock, openAt: () => number): FifoChannel {
  const waiting: { readonly at: number; readonly run: () => void }[] = [];
  let armed = false;
  const arm = (): void => {
    const head = waiting[0];
    if (head === undefined || armed) return;
    const at = Math.max(head.at, openAt(), clock.now());
    if (!Number.isFinite(at)) return;
    armed = true;
    clock.at(at, pass);
  };
  const pass = (): void => {
    armed = false;
    if (openAt() <= clock.now()) waiting.shift()?.run();
    arm();
  };
  return {
    push(at, run) {
      waiting.push({ at, run });
      arm();
    },
    isEmpty: () => waiting.length === 0,
  };
}
