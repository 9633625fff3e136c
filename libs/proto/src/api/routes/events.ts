import { z } from "zod";
import { FeedCloudEvent } from "../cloud-event.ts";
import { listed, text } from "../query.ts";
import { defineRoute } from "../route.ts";

export const events = defineRoute({
  name: "events",
  methods: ["GET"],
  path: "/api/v1/orchestrator/events",
  kind: "events",
  summary:
    "Streams events as server-sent events (data: CloudEvents): from now on, or after `after` or the header Last-Event-ID.",
  query: z.object({
    namespace: text().describe("jobs of this namespace; everything when unset or `*`"),
    jobId: text().describe("one job, by id, name or id prefix"),
    after: text().describe("events after this one, as `17.0`, or after this log position; 0 is the start of the log"),
    types: listed().describe("event types, as `JobSubmitted,JobCompleted`; all when unset"),
  }),
  answer: FeedCloudEvent,
});
