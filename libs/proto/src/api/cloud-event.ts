import { z } from "zod";
import { onWire } from "../wire/meta.ts";

const attribute = (name: string, means: string) => onWire(z.string().describe(means), { name });

/** One event of the feed: CloudEvents 1.0 in its JSON format. */
export const FeedCloudEvent = z
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
  .meta({ id: "CloudEvent" });
