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
    "Streams events as server-sent events (data: CloudEvents): from now on, or behind `after` or the header Last-Event-ID.",
  query: z.object({
    namespace: text().describe("jobs of this namespace; everything when unset or `*`"),
    jobId: text().describe("one job, by its id, its name or the beginning of its id"),
    after: text().describe("events behind this one, as `17.0`, or behind this position in the log; 0 is the beginning"),
    types: listed().describe("types of events, as `JobSubmitted,JobCompleted`; all when unset"),
  }),
  answer: FeedCloudEvent,
});
