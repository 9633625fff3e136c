import type { HistoryEntity } from "@shoal/proto";

/** Which lines of a job's story are wanted. */
export interface HistoryWish {
  /** The first number that is wanted. */
  readonly from: number;
  readonly limit: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly level: "all" | "job" | "execution";
  /** The beginning of an execution's id; empty means any. */
  readonly executionId: string;
  /** 0 means any. */
  readonly version: number;
}

export interface HistoryPage {
  readonly items: readonly HistoryEntity[];
  /** The number that the next page begins with; undefined when the story is over and told. */
  readonly next: number | undefined;
}

/** One page of a story. While the story goes on there always is a next page: clients follow a job by asking for it. */
export function historyPage(trace: readonly HistoryEntity[], over: boolean, wish: HistoryWish): HistoryPage {
  const expected = trace.filter((line) => line.seqNum >= wish.from && suits(line, wish));
  const items = expected.slice(0, wish.limit);
  const last = items.at(-1);
  if (expected.length > items.length) return { items, next: (last?.seqNum ?? 0) + 1 };
  // Behind the last line of all, told or not: what was filtered out now need not be looked at again.
  return { items, next: over ? undefined : Math.max(wish.from, trace.length + 1) };
}

function suits(line: HistoryEntity, { since, level, executionId, version }: HistoryWish): boolean {
  return (
    line.time >= since &&
    (level === "all" || line.type === level) &&
    (executionId === "" || (line.executionId ?? "").startsWith(executionId)) &&
    (version === 0 || line.jobVersion === version)
  );
}
