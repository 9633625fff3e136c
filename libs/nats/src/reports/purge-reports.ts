import { streams, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { askServer } from "../connection/server-request.ts";

/** Removes reports that have been decided on, so that the stream holds only pending ones. */
export interface ReportPurger {
  /** Called when every report of the shard up to this position has been decided on, and that is stored. Never rejects. */
  decided(shard: number, seq: number): void;
}

// Tens of thousands of reports at the fastest rate measured: a purge costs little compared with storing them.
const everyMs = 10_000;

/** Purges each shard at most once in `everyMs`. The next purge removes what a failed one left. */
export function createReportPurger(session: NatsSession): ReportPurger {
  const purgedAt = new Map<number, number>();
  return {
    decided(shard, seq) {
      const now = session.clock.now();
      if (seq <= 0 || session.nc.isClosed() || now - (purgedAt.get(shard) ?? -everyMs) < everyMs) return;
      purgedAt.set(shard, now);
      // The server keeps the message at `seq` and all later ones.
      const body = { filter: subjects.reportsOfShard(shard), seq: seq + 1 };
      void askServer(session, { subject: `$JS.API.STREAM.PURGE.${streams.reports}`, body }).then((answer) => {
        if (answer.state === "error") session.onProblem(`cannot purge the reports of shard ${shard}: ${answer.why}`);
      });
    },
  };
}
