import { cloudEventOf, type Feed } from "@shoal/core";
import { subjects } from "@shoal/proto";
import type { Link } from "./connection/link.ts";

/** The live feed of jobs on core NATS: one message for each event, on a subject that says what it is about. */
export function createFeed(link: Link): Feed {
  return {
    announce(stored) {
      const { aggregate, commit } = stored;
      if (aggregate.kind !== "job") return;
      link.later.do(() => {
        if (link.nc.isClosed()) return;
        for (const [index, { type }] of commit.events.entries()) {
          const subject = subjects.feed(aggregate.namespace, aggregate.id, type);
          link.nc.publish(subject, JSON.stringify(cloudEventOf(stored, index)));
        }
      });
    },
  };
}
