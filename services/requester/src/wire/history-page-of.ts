import type { IncomingHttpHeaders } from "node:http";
import { historyOf, type StoredCommit } from "@shoal/core";
import { wantsStates } from "../http/client-version.ts";
import { type HistoryQuery, historyPage } from "../reads/history-page.ts";
import { writeToken } from "./page-token.ts";

const everything = { since: 0, level: "all", executionId: "" } as const;

// Clients before v1.5 fail unless each line has a state, even an empty one.
const stateKey = { job: "jobState", execution: "executionState" } as const;

type HistoryPageRequest = Pick<HistoryQuery, "from" | "limit" | "version"> &
  Partial<HistoryQuery> & { readonly headers: IncomingHttpHeaders };

/** A page of a job's history, in the form that the client of these headers expects. */
export function historyPageOf(
  stored: readonly StoredCommit[],
  over: boolean,
  { headers, ...query }: HistoryPageRequest,
) {
  const { items, next } = historyPage(historyOf(stored), over, { ...everything, ...query });
  const states = wantsStates(headers);
  return {
    nextToken: next === undefined ? "" : writeToken(next),
    items: items.map((entry) => (states ? { ...entry, [stateKey[entry.type]]: {} } : entry)),
  };
}
