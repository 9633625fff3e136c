import type { CommandReply, Job, JobCommand } from "@shoal/core";
import type { AggregateRef } from "@shoal/proto";
import type { Actor } from "./actors.ts";

/** A job that looks for places. */
export interface Placeable {
  readonly ref: AggregateRef;
  state(): Job | undefined;
  /** False once another requester may decide about it. */
  isOpen(): boolean;
  command(command: JobCommand): Promise<CommandReply>;
}

/** Jobs as the scheduler sees them; the same actor is the same one. */
export function createPlaceables(by: string): (actor: Actor) => Placeable {
  const known = new WeakMap<Actor, Placeable>();
  return (actor) => {
    const placeable = known.get(actor) ?? placeableOf(actor, by);
    known.set(actor, placeable);
    return placeable;
  };
}

const placeableOf = (actor: Actor, by: string): Placeable => ({
  get ref() {
    return actor.ref;
  },
  // Only jobs react with slots.
  state: () => actor.state() as Job | undefined,
  isOpen: () => actor.isOpen(),
  command: (command) => actor.command({ command, actor: { type: "requester", id: by } }),
});
