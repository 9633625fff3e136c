import { eventKinds, eventText, type StoredEvent, toWire } from "@shoal/proto";
import { assert } from "./fault.ts";
import type { StoredCommit } from "./ports/event-log.ts";

/** An event as a CloudEvent (specification 1.0), the form of the public feed. */
export interface CloudEvent {
  readonly specversion: "1.0";
  /** `<log position>.<index in the commit>`: ascending, unique. */
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** Extension: the requester that wrote it. */
  readonly by: string;
  /** Extension: the event as a sentence. */
  readonly message: string;
  /** The facts under the names of the API: PascalCase. */
  readonly data: unknown;
}

/** The CloudEvent of an event of a commit; the event must exist. */
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

/** An event of unknown type has its data unchanged. */
function factsOf({ type, data }: StoredEvent): unknown {
  const kind = eventKinds.get(type);
  return kind === undefined ? data : toWire<typeof kind.data>(kind.data, data);
}
