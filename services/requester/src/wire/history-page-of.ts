import type { IncomingHttpHeaders } from "node:http";
import { historyOf, type StoredCommit } from "@shoal/core";
import { wantsStates } from "../http/client-version.ts";
import { type HistoryWish, historyPage } from "../reads/history-page.ts";
import { writeToken } from "./page-token.ts";

const everything = { since: 0, level: "all", executionId: "" } as const;

// Clients before v1.5 fail unless each line has a state, even an empty one.
const stateKey = { job: "jobState", execution: "executionState" } as const;

type HistoryPageRequest = Pick<HistoryWish, "from" | "limit" | "version"> &
  Partial<HistoryWish> & { readonly headers: IncomingHttpHeaders };

/** A page of a job's history, in the form that the client of these headers expects. */
export function historyPageOf(
  stored: readonly StoredCommit[],
  over: boolean,
  { headers, ...wish }: HistoryPageRequest,
) {
  const { items, next } = historyPage(historyOf(stored), over, { ...everything, ...wish });
  const states = wantsStates(headers);
  return {
    nextToken: next === undefined ? "" : writeToken(next),
    items: items.map((entry) => (states ? { ...entry, [stateKey[entry.type]]: {} } : entry)),
  };
}
