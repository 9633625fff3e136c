import type { AnyEventKind } from "@shoal/proto";
import { assert } from "./fault.ts";
import { jobKind } from "./job/kind.ts";
import type { Kind } from "./kind.ts";
import { nodeKind } from "./node/kind.ts";
import { type Registry, registry } from "./registry.ts";
import { secretKind } from "./secret/kind.ts";

/** Kinds of aggregates, by name. */
export type Kinds = Registry<Kind>;

/** Every kind of aggregate. A new one is a folder with a kind, and one line here. */
export const kinds: Kinds = registry<Kind>("kind", [jobKind, nodeKind, secretKind]);

/** Every event of some kinds, by name. */
export function eventsOf(known: Kinds): ReadonlyMap<string, AnyEventKind> {
  const byName = new Map<string, AnyEventKind>();
  for (const event of known.parts.flatMap(({ events }) => events)) {
    assert((byName.get(event.name) ?? event).version === event.version, `two versions of ${event.name} are registered`);
    byName.set(event.name, event);
  }
  return byName;
}
