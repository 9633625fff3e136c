import { streams, subjects } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { askServer } from "../connection/server-request.ts";

/** Removes reports that have been decided on, so that what is stored is what waits. */
export interface ReportPurger {
  /** Every report of the shard up to this position has been decided on, and that is stored. Never rejects. */
  decided(shard: number, seq: number): void;
}

// Some tens of thousands of reports at the fastest rate measured: a purge costs little beside storing them.
const everyMs = 10_000;

/** Purges each shard at most once in `everyMs`; what a failed purge leaves goes with the next one. */
export function createReportPurger(link: NatsSession): ReportPurger {
  const purgedAt = new Map<number, number>();
  return {
    decided(shard, seq) {
      const now = link.clock.now();
      if (seq <= 0 || link.nc.isClosed() || now - (purgedAt.get(shard) ?? -everyMs) < everyMs) return;
      purgedAt.set(shard, now);
      // The server keeps the position that is named, and everything behind it.
      const body = { filter: subjects.reportsOfShard(shard), seq: seq + 1 };
      void askServer(link, { subject: `$JS.API.STREAM.PURGE.${streams.reports}`, body }).then((answer) => {
        if (answer.state === "error") link.onProblem(`reports of shard ${shard} cannot be purged: ${answer.why}`);
      });
    },
  };
}
