import type { StoredCommit } from "./ports/event-log.ts";

/** What became true, as a CloudEvent (specification 1.0): how the public feed tells it. */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** `<log position>.<index in the commit>`: grows, never repeats. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** An extension of ours: which requester decided it. */
  readonly by: string;
  readonly data: unknown;
}

/** The events of a commit for the feed, in order. */
export function cloudEventsOf({ aggregate, seq, commit }: StoredCommit): readonly CloudEvent[] {
  const time = new Date(commit.at).toISOString();
  const source = aggregate.kind === "job" ? `/shoal/${aggregate.namespace}` : "/shoal/nodes";
  return commit.events.map((event, index) => ({
    specversion: "1.0",
    id: `${seq}.${index}`,
    source,
    type: `shoal.${event.type}`,
    subject: aggregate.id,
    time,
    datacontenttype: "application/json",
    by: commit.by,
    data: event.data,
  }));
}
