import { type AggregateRef, type Commit, commitVersion } from "@shoal/proto";
import type { Kinds } from "../../kinds.ts";
import { type EventLog, noStreamPosition, type StreamPosition } from "../../ports/event-log.ts";

/** A log under test, empty at first. `close` stops what `make` started. */
export interface LogHarness {
  readonly log: EventLog;
  /** The same log for a reader with these kinds. */
  as(known: Kinds): Promise<EventLog>;
  /** Stores any text on an aggregate's subject, as another version or a foreign writer would; returns its position. */
  put(aggregate: AggregateRef, text: string): Promise<number>;
  close?(): Promise<void>;
}

let serial = 0;

/** A job that no other test of this run uses. */
export function someJob(namespace = "default"): AggregateRef {
  serial += 1;
  return { kind: "job", namespace, id: `j-contract-${serial}` };
}

/** A commit that continues `after`, of any kind of aggregate. */
export function someCommit(after: StreamPosition, why = "because"): Commit {
  serial += 1;
  return {
    v: commitVersion,
    id: `c-contract-${serial}`,
    at: 1_700_000_000_000 + serial,
    by: "r-contract",
    actor: { type: "requester", id: "r" },
    cause: { command: "contract" },
    epoch: 0,
    prev: after.hash,
    events: [{ type: "JobQueued", v: 1, data: { why, answers: [] } }],
  };
}

/** Appends `count` commits to an aggregate, one after the other, and resolves with all their positions. */
export async function grow(log: EventLog, aggregate: AggregateRef, count: number): Promise<readonly StreamPosition[]> {
  const streamHeads: StreamPosition[] = [];
  for (let made = 0; made < count; made++) {
    const after = streamHeads.at(-1) ?? noStreamPosition;
    streamHeads.push(await log.append(aggregate, after, someCommit(after, `${made}`)));
  }
  return streamHeads;
}
