import type { NamedCommand, Random } from "@shoal/core";
import { type Commit, commitVersion, type StoredEvent } from "@shoal/proto";
import type { IssuedCommand } from "./mailbox.ts";

/** The actor, the time and the predecessor of a commit. */
export interface CommitOrigin {
  readonly by: string;
  readonly epoch: number;
  readonly random: Pick<Random, "uuid">;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The hash of the previous commit. */
  readonly prev: string;
}

// A burst of reports may join many names; the first 200 characters are sufficient.
const causeCharsMax = 200;

/** One commit with the events of a batch of commands of one actor. */
export function newCommit<E extends StoredEvent>(
  events: readonly E[],
  batch: readonly IssuedCommand<NamedCommand>[],
  { by, epoch, random, at, prev }: CommitOrigin,
): Commit<E> {
  const [first] = batch;
  const command = batch
    .map((each) => each.command.name)
    .join("+")
    .slice(0, causeCharsMax);
  return {
    v: commitVersion,
    id: random.uuid(),
    at,
    by,
    actor: first?.actor ?? { type: "requester", id: by },
    cause: { command, ...(first?.id === undefined ? {} : { id: first.id }) },
    epoch,
    prev,
    events,
  };
}
