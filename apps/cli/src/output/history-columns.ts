import type { readHistory } from "@shoal/client";
import { shortId } from "@shoal/proto";
import type { Column } from "./table.ts";
import { timeOfDay } from "./times.ts";

type Entry = ReturnType<typeof readHistory>;

/** How a job's story is told. */
export const historyColumns: readonly Column<Entry>[] = [
  { title: "TIME", of: ({ time }) => timeOfDay(time) },
  { title: "LEVEL", of: ({ type }) => (type === "job" ? "Job" : "Execution") },
  { title: "JOB-VERSION", of: ({ jobVersion }) => String(jobVersion) },
  { title: "EXEC. ID", of: ({ executionId }) => (executionId === "" ? "" : shortId(executionId)) },
  { title: "TOPIC", of: ({ event }) => event.topic },
  { title: "EVENT", of: ({ event }) => withReason(event.message, event.details["Reason"]) },
];

const withReason = (message: string, reason: string | undefined): string =>
  reason === undefined || message.includes(reason) ? message : `${message} — ${reason}`;
