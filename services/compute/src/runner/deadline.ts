import { type Clock, Fault } from "@shoal/core";
import type { ErrorCode } from "@shoal/proto";

/** A time limit, in milliseconds, for an operation that a signal can abort; 0 is no limit. */
export interface Deadline {
  /** Fires when the time is up or the run is stopped. */
  readonly signal: AbortSignal;
  /** The Fault of an exceeded limit; undefined when the limit was not exceeded. */
  why(): Fault | undefined;
  cancel(): void;
}

export interface DeadlineOptions {
  readonly ms: number;
  readonly stopped: AbortSignal;
  /** The name of the operation in the Fault, and the Fault's code. */
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
