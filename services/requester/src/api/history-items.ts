import { historyOf, type StoredCommit } from "@shoal/core";
import { HistoryEntity, toWire } from "@shoal/proto";
import { type HistoryWish, historyPage } from "../reads/history-page.ts";
import { writeToken } from "./page-token.ts";

const everything = { since: 0, level: "all", executionId: "" } as const;

/** A page of a job's story, on the wire. */
export function historyItems(
  stored: readonly StoredCommit[],
  over: boolean,
  wish: Pick<HistoryWish, "from" | "limit" | "version"> & Partial<HistoryWish>,
) {
  const { items, next } = historyPage(historyOf(stored), over, { ...everything, ...wish });
  return {
    NextToken: next === undefined ? "" : writeToken(next),
    Items: items.map((line) => toWire(HistoryEntity, line)),
  };
}
