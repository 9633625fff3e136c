import { type HistoryEntity, shortId } from "@shoal/proto";
import type { Column } from "./table.ts";
import { timeOfDay } from "./times.ts";

/** The columns of the history of a job. */
export const historyColumns: readonly Column<HistoryEntity>[] = [
  { title: "TIME", of: ({ time }) => timeOfDay(time) },
  { title: "LEVEL", of: ({ type }) => (type === "job" ? "Job" : "Execution") },
  { title: "JOB-VERSION", of: ({ jobVersion }) => String(jobVersion) },
  { title: "EXEC. ID", of: ({ executionId }) => (executionId === "" ? "" : shortId(executionId)) },
  { title: "TOPIC", of: ({ event }) => event.topic },
  { title: "EVENT", of: ({ event }) => withReason(event.message, event.details["Reason"]) },
];

const withReason = (message: string, reason: string | undefined): string =>
  reason === undefined || message.includes(reason) ? message : `${message} — ${reason}`;
