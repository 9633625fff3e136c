import { z } from "zod";
import { onWire } from "../../wire/meta.ts";
import { listed, text } from "../query.ts";
import { defineRoute } from "../route.ts";

const attribute = (name: string, means: string) => onWire(z.string().describe(means), { name });

/** One event of the feed: CloudEvents 1.0 in its JSON format. */
const FeedCloudEvent = z
  .object({
    specversion: attribute("specversion", "1.0"),
    id: attribute("id", "`<log position>.<index in the commit>`: ascending, unique; resume from it"),
    source: attribute("source", "the namespace, as `/shoal/default`, or the kind of aggregate"),
    type: attribute("type", "`shoal.` and the event, as `shoal.JobSubmitted`"),
    subject: attribute("subject", "the id of the job or node"),
    time: attribute("time", "RFC 3339"),
    datacontenttype: attribute("datacontenttype", "application/json"),
    by: attribute("by", "the requester that wrote it"),
    message: attribute("message", "the event as a sentence"),
    data: onWire(z.unknown().describe("the facts of the event"), { name: "data" }),
  })
  .meta({ id: "CloudEvent", description: "an event of the feed: CloudEvents 1.0 in its JSON format" });

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
