import { eventsOf, type Kind, type Kinds, kinds, registry } from "@shoal/core";
import { errandKind, nextErrandKinds } from "@shoal/core/testing";

/** Every kind that requesters of the simulation know: those of the product, and errands, which have effects. */
export const simKinds: Kinds = registry<Kind>("kind", [...kinds.parts, errandKind]);

/** Every event that may be in the log, by name: those of the next version too. */
export const simEvents = eventsOf(nextErrandKinds);
