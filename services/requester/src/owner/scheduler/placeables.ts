import type { Job } from "@shoal/core";
import type { AnyActor } from "../aggregate/actors.ts";
import type { SlotScheduler } from "../aggregate/reconciler.ts";
import type { Placeable } from "./placeable.ts";
import type { Scheduler } from "./scheduler.ts";

/** The scheduler as the reconciler uses it: actors become placeables. Only jobs react with slots. */
export function createPlaceables(
  scheduler: Pick<Scheduler, "request" | "remove" | "used" | "unused">,
  by: string,
): SlotScheduler {
  const known = new WeakMap<AnyActor, Placeable>();
  return {
    request(actor, slots) {
      const placeable = known.get(actor);
      if (actor.ref.kind === "job") scheduler.used(actor.state() as Job);
      if (placeable !== undefined) scheduler.request(placeable, slots);
      else if (slots.length > 0) {
        const made = placeableOf(actor, by);
        known.set(actor, made);
        scheduler.request(made, slots);
      }
    },
    remove(actor) {
      const placeable = known.get(actor);
      if (placeable !== undefined) scheduler.remove(placeable);
      if (actor.ref.kind === "job") scheduler.unused(actor.ref.id);
    },
  };
}

const placeableOf = (actor: AnyActor, by: string): Placeable => ({
  get ref() {
    return actor.ref;
  },
  state: () => actor.state() as Job | undefined,
  isOpen: () => actor.isOpen(),
  command: (command) => actor.command({ command, actor: { type: "requester", id: by } }),
});
