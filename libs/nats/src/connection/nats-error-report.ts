import type { Clock } from "@shoal/core";

/** Log level of a message about the connection: an error that ends by itself within seconds is no warning. */
export type NatsErrorLevel = "info" | "warn";

/** Receives errors in the background that the process survives. */
export type OnNatsError = (what: string, level: NatsErrorLevel) => void;

/** Times after which errors count as lasting or as over, in milliseconds. */
export const natsErrorLimits = {
  /** Errors for this long are a warning: twice the 4 to 8 s of a replicated stream's fail-over (measured). */
  lastingMs: 15_000,
  /** No error for this long ends the series: a stream without a leader is asked every second. */
  quietMs: 5_000,
} as const;

/** Reports errors as information at first, and as warnings when they last. */
export interface NatsErrorReport {
  /** Reports an error that may end by itself. */
  readonly report: OnNatsError;
  /** Called when the connection breaks or is back. */
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
      // A closed connection stays down on purpose.
      if (isClosed) return;
      const now = clock.now();
      if (up) {
        if (downAt !== undefined && now - downAt >= natsErrorLimits.lastingMs)
          onNatsError(`reconnected to NATS after ${Math.round((now - downAt) / 1_000)} s`, "info");
        downAt = undefined;
        return;
      }
      downAt ??= now;
      cancelDown = clock.at(downAt + natsErrorLimits.lastingMs, () =>
        onNatsError(`not connected to NATS for ${natsErrorLimits.lastingMs / 1_000} s, still reconnecting`, "warn"),
      );
    },
    close() {
      isClosed = true;
      cancelDown();
    },
  };
}
