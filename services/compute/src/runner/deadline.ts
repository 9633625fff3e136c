import { type Clock, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";

/** A limit in time, in milliseconds, around something that can be ended by a signal; 0 is no limit. */
export interface Deadline {
  /** Fires when the time is up or the run is stopped. */
  readonly signal: AbortSignal;
  /** The Fault that says so, when the time was up. */
  why(): Fault | undefined;
  cancel(): void;
}

export interface DeadlineOptions {
  readonly ms: number;
  readonly stopped: AbortSignal;
  /** What the Fault calls what took too long, and its code. */
  readonly what: string;
  readonly code: ErrorCode;
}

export function deadline(clock: Clock, { ms, stopped, what, code }: DeadlineOptions): Deadline {
  const end = new AbortController();
  let late = false;
  const stop = () => end.abort();
  const timeUp = () => {
    late = true;
    end.abort();
  };
  const cancel = ms > 0 ? clock.at(clock.now() + ms, timeUp) : () => {};
  if (stopped.aborted) end.abort();
  stopped.addEventListener("abort", stop);
  return {
    signal: end.signal,
    why: () => (late ? new Fault(code, `${what} took longer than ${ms / 1000} s`) : undefined),
    cancel: () => {
      cancel();
      stopped.removeEventListener("abort", stop);
    },
  };
}
