import { eventsOf, type Kind, type Kinds, kinds, registry } from "@shoal/core";
import { errandKind } from "@shoal/core/testing";

/** Every kind that requesters of the simulation know: those of the product, and errands, which have effects. */
export const simKinds: Kinds = registry<Kind>("kind", [...kinds.parts, errandKind]);

/** Every event of theirs, by name. */
export const simEvents = eventsOf(simKinds);
