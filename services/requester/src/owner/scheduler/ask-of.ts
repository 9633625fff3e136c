import { askedOf, type Job } from "@shoal/core";
import type { Ask } from "@shoal/proto";
import type { PendingEntry } from "./pending-entry.ts";

/** An ask for slots of a waiting entry. */
export const askOf = (
  { requirements }: Pick<PendingEntry, "requirements">,
  { header: { id: jobId, spec } }: Pick<Job, "header">,
  { askId, slots }: Pick<Ask, "askId" | "slots">,
): Ask => ({
  askId,
  jobId,
  namespace: spec.namespace,
  jobType: spec.type,
  priority: spec.priority,
  requirements: askedOf(requirements),
  slots,
});
