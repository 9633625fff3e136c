import type { Feed, StoredCommit } from "@shoal/core";
import { subjects } from "@shoal/proto";
import { isRecord } from "./codec/plain-maps.ts";
import type { Link } from "./connection/link.ts";

/** An event as the public feed shows it (CloudEvents 1.0, JSON). */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** `<position in the log>.<place in its commit>`: a reader that breaks off goes on behind it. */
  readonly id: string;
  readonly source: string;
  readonly type: `shoal.${string}`;
  /** The execution that it is about, else the job or node. */
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: unknown;
}

/** The events of a commit as the feed shows them. The same commit gives the same events, live or from the log. */
export function cloudEventsOf({ aggregate, seq, commit }: StoredCommit): readonly CloudEvent[] {
  const source =
    aggregate.kind === "job" ? `/shoal/jobs/${aggregate.namespace}/${aggregate.id}` : `/shoal/nodes/${aggregate.id}`;
  const time = new Date(commit.at).toISOString();
  return commit.events.map(({ type, data }, index) => ({
    specversion: "1.0",
    id: `${seq}.${index}`,
    source,
    type: `shoal.${type}`,
    subject: isRecord(data) && typeof data["executionId"] === "string" ? data["executionId"] : aggregate.id,
    time,
    datacontenttype: "application/json",
    data,
  }));
}

/** The live feed of jobs on core NATS: one message for each event, on a subject that says what it is about. */
export function createFeed(link: Link): Feed {
  return {
    announce(stored) {
      const { aggregate, commit } = stored;
      if (aggregate.kind !== "job" || link.nc.isClosed()) return;
      cloudEventsOf(stored).forEach((event, index) => {
        const subject = subjects.feed(aggregate.namespace, aggregate.id, commit.events[index]?.type ?? "");
        link.nc.publish(subject, JSON.stringify(event));
      });
    },
  };
}
