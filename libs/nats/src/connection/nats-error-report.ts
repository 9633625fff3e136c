import type { Clock } from "@shoal/core";

/** How loud a message about the connection is: what ends by itself within seconds is no warning. */
export type NatsErrorLevel = "info" | "warn";

/** Receives what goes wrong in the background and is survived. */
export type OnNatsError = (what: string, level: NatsErrorLevel) => void;

/** What separates a moment from a state, in milliseconds. */
export const natsErrorLimits = {
  /** Trouble of this length is a warning: twice the 4 to 8 s of a replicated stream's fail-over (measured). */
  lastingMs: 15_000,
  /** Silence of this length ends it: a stream without a leader is asked every second. */
  quietMs: 5_000,
} as const;

/** Reports trouble as information while it is young, and as a warning when it lasts. */
export interface NatsErrorReport {
  /** Something went wrong that may end by itself. */
  readonly report: OnNatsError;
  /** The connection broke, or is back. */
  connection(up: boolean): void;
  close(): void;
}

export function createNatsErrorReport(clock: Clock, onNatsError: OnNatsError): NatsErrorReport {
  let since = Number.NEGATIVE_INFINITY;
  let lastAt = Number.NEGATIVE_INFINITY;
  let cancelDown = () => {};
  let downAt: number | undefined;
  let isClosed = false;

  function levelNow(): NatsErrorLevel {
    const now = clock.now();
    if (downAt === undefined && now - lastAt > natsErrorLimits.quietMs) since = now;
    lastAt = now;
    return now - since >= natsErrorLimits.lastingMs ? "warn" : "info";
  }
  return {
    report: (what, level) => onNatsError(what, level === "warn" ? "warn" : levelNow()),
    connection(up) {
      cancelDown();
      // A connection that is closed is down for good, and on purpose.
      if (isClosed) return;
      const now = clock.now();
      if (up) {
        if (downAt !== undefined && now - downAt >= natsErrorLimits.lastingMs)
          onNatsError(`connected to NATS again after ${Math.round((now - downAt) / 1_000)} s`, "info");
        downAt = undefined;
        return;
      }
      downAt ??= now;
      cancelDown = clock.at(downAt + natsErrorLimits.lastingMs, () =>
        onNatsError(`not connected to NATS for ${natsErrorLimits.lastingMs / 1_000} s; it is tried further`, "warn"),
      );
    },
    close() {
      isClosed = true;
      cancelDown();
    },
  };
}
