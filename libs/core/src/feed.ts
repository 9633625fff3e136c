import { eventKinds, eventText, type StoredEvent, toWire } from "@shoal/proto";
import { assert } from "./fault.ts";
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
  /** An extension of ours: the event in one sentence for people. */
  readonly message: string;
  /** The facts in the words of the API: PascalCase. */
  readonly data: unknown;
}

/** An event of a commit as the feed tells it; the event must be there. */
export function cloudEventOf({ aggregate, seq, commit }: StoredCommit, index: number): CloudEvent {
  const event = commit.events[index];
  assert(event !== undefined, `commit ${commit.id} has no event ${index}`);
  return {
    specversion: "1.0",
    id: `${seq}.${index}`,
    source: aggregate.namespace === "" ? `/shoal/${aggregate.kind}s` : `/shoal/${aggregate.namespace}`,
    type: `shoal.${event.type}`,
    subject: aggregate.id,
    time: new Date(commit.at).toISOString(),
    datacontenttype: "application/json",
    by: commit.by,
    message: eventText(event).text,
    data: factsOf(event),
  };
}

/** A kind that this version does not know is told as it stands. */
function factsOf({ type, data }: StoredEvent): unknown {
  const kind = eventKinds.get(type);
  return kind === undefined ? data : toWire<typeof kind.data>(kind.data, data);
}
