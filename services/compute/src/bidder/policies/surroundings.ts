import type { Resources } from "@shoal/proto";
import type { Availability, Parts } from "../../heartbeat/availability.ts";

/** What policies may look at: the node, its parts, and what it allows. */
export interface Surroundings {
  readonly parts: Parts;
  readonly availability: Pick<Availability, "problem">;
  readonly labels: Readonly<Record<string, string>>;
  readonly perTask: Resources;
  readonly rejectNetworked: boolean;
  /** Whether tasks may read this variable of the host; its value or undefined. */
  readonly hostVariable: (name: string) => string | undefined;
  readonly capacity: Resources;
  readonly available: () => Resources;
}
