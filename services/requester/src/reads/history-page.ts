import type { HistoryEntity } from "@shoal/proto";

/** The filter and the page of a job's history. */
export interface HistoryQuery {
  /** The first line number of the page. */
  readonly from: number;
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly level: "all" | "job" | "execution";
  /** The prefix of an execution's id; empty means any. */
  readonly executionId: string;
  /** 0 means any. */
  readonly version: number;
}

export interface HistoryPage {
  readonly items: readonly HistoryEntity[];
  /** The line number at which the next page begins; undefined when the history has ended and is read completely. */
  readonly next: number | undefined;
}

/** One page of a history. While the history continues there is always a next page: clients follow a job with it. */
export function historyPage(history: readonly HistoryEntity[], over: boolean, query: HistoryQuery): HistoryPage {
  const matching = history.filter((line) => line.seqNum >= query.from && suits(line, query));
  const items = matching.slice(0, query.limit);
  const last = items.at(-1);
  if (matching.length > items.length) return { items, next: (last?.seqNum ?? 0) + 1 };
  // After the last line, filtered out or not: those lines need not be read again.
  return { items, next: over ? undefined : Math.max(query.from, history.length + 1) };
}

function suits(line: HistoryEntity, { since, level, executionId, version }: HistoryQuery): boolean {
  return (
    line.time >= since &&
    (level === "all" || line.type === level) &&
    (executionId === "" || (line.executionId ?? "").startsWith(executionId)) &&
    (version === 0 || line.jobVersion === version)
  );
}
