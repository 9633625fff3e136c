import { type AggregateRef, type Commit, commitVersion } from "@shoal/proto";
import type { Kinds } from "../../kinds.ts";
import { type EventLog, noStreamPosition, type StreamPosition } from "../../ports/event-log.ts";

/** One log to try, empty at first. `close` takes down whatever `make` put up. */
export interface LogHarness {
  readonly log: EventLog;
  /** The same log as one who knows these kinds reads it. */
  as(known: Kinds): Promise<EventLog>;
  /** Stores any text on an aggregate's subject, as another version or a foreign writer would; its position. */
  put(aggregate: AggregateRef, text: string): Promise<number>;
  close?(): Promise<void>;
}

let serial = 0;

/** A job nobody else in this run has. */
export function someJob(namespace = "default"): AggregateRef {
  serial += 1;
  return { kind: "job", namespace, id: `j-contract-${serial}` };
}

/** A commit that continues `after`: of a job's aggregate, but any will do. */
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

/** Appends `count` commits to an aggregate, one behind the other, and answers with all its tips. */
export async function grow(log: EventLog, aggregate: AggregateRef, count: number): Promise<readonly StreamPosition[]> {
  const streamHeads: StreamPosition[] = [];
  for (let made = 0; made < count; made++) {
    const after = streamHeads.at(-1) ?? noStreamPosition;
    streamHeads.push(await log.append(aggregate, after, someCommit(after, `${made}`)));
  }
  return streamHeads;
}
