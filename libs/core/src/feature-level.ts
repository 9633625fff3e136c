import type { StoredEvent } from "@shoal/proto";
import type { Kind, NamedCommand } from "./kind.ts";

/**
 * The feature level that a cluster must have before these events of an aggregate may be written: a requester of an older release reads
 * every event that needs a lower one. Pure.
 */
export function featureLevelOf<S, C extends NamedCommand, E extends StoredEvent>(
  kind: Pick<Kind<S, C, E>, "since" | "events" | "levelOf">,
  events: readonly E[],
): number {
  let needed = kind.since ?? 1;
  for (const event of events) {
    const since = kind.events.find(({ name }) => name === event.type)?.since ?? 1;
    needed = Math.max(needed, since, kind.levelOf?.(event) ?? 1);
  }
  return needed;
}
