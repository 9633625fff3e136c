import { type Clock, type EventLog, Fault } from "@shoal/core";
import { demandEnd } from "./log-check.ts";

/** A log that closes once its end moves backwards. */
export interface LogGuard {
  readonly log: EventLog;
  /** The server may have been restarted: nothing is appended until the log reaches its known end. */
  reconnected(): void;
  /** Rejects with Fault LOG_DAMAGED once the log ends before a position that was seen in it; never resolves. */
  readonly damaged: Promise<never>;
}

/**
 * Tracks the end of a log by the commits that pass through it. A running requester stops deciding on a log that was
 * cut.
 */
export function guardLog(log: EventLog, clock: Clock): LogGuard {
  let seen = 0;
  let checking: Promise<void> | undefined;
  let fault: Fault | undefined;
  const { promise: damaged, reject } = Promise.withResolvers<never>();
  damaged.catch(() => undefined); // `serve` awaits it; until then a rejection is not unhandled.

  const saw = (seq: number): void => {
    if (seq > seen) seen = seq;
  };
  function check(): void {
    if (seen === 0) return;
    const known = { seq: seen, by: "this requester" };
    checking ??= demandEnd(log, { known, clock })
      .catch((failure: unknown) => {
        // An unreachable log is not damaged: the next attempt, or the next reconnect, verifies it.
        if (!(failure instanceof Fault) || failure.code !== "LOG_DAMAGED") return;
        fault = failure;
        reject(failure);
      })
      .finally(() => {
        checking = undefined;
      });
  }
  async function whole(): Promise<void> {
    await checking;
    if (fault !== undefined) throw fault;
  }

  return {
    damaged,
    reconnected: check,
    log: {
      ...log,
      async append(aggregate, after, commit) {
        await whole();
        const before = seen;
        const streamHead = await log.append(aggregate, after, commit);
        // A new position is higher than all seen before. A lower one may belong to a commit whose acknowledgement was
        // lost.
        if (streamHead.seq <= before) check();
        saw(streamHead.seq);
        await whole();
        return streamHead;
      },
      follow: (filter, afterSeq, ...[deliver, reading]) => {
        const watched: typeof deliver = (stored) => {
          saw(stored.seq);
          deliver(stored);
        };
        return log.follow(filter, afterSeq, watched, reading);
      },
      async lastSeq() {
        const end = await log.lastSeq();
        if (end < seen) check();
        saw(end);
        return end;
      },
    },
  };
}
