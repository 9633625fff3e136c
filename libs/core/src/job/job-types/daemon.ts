import { retriedAt, standingRetries } from "../retries.ts";
import { deadlineDefaults } from "./deadline-defaults.ts";
import type { JobType } from "./job-type.ts";
import { fittingNodes, pinnedSlot, pinnedSlotOf } from "./pinned-slots.ts";

/** One execution on every node that fits, on those that join later too, until the job is stopped. */
export const daemon: JobType = {
  name: "daemon",
  defaults: deadlineDefaults,
  followsNodes: true,
  runsEmpty: () => true,
  slots: (job, world) => fittingNodes(job, world).map(pinnedSlot),
  slotOf: pinnedSlotOf,
  placeAgainAt: (job, ended) => (ended.state === "stopped" ? ended.now : retriedAt(job, ended, standingRetries)),
  // A node on which it fails for good does not end it on the others.
  verdict: () => undefined,
};
