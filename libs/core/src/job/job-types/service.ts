import { retriedAt, standingRetries } from "../retries.ts";
import { deadlineDefaults } from "./deadline-defaults.ts";
import type { JobType } from "./job-type.ts";
import { causeOf, endsOf, firstOf, partitionSlot, partitions } from "./partitions.ts";

/** A number of executions that run until the job is stopped; one that ends, in any way, is replaced. */
export const service: JobType = {
  name: "service",
  defaults: deadlineDefaults,
  runsEmpty: ({ header }) => header.spec.count === 0,
  slots: partitions,
  slotOf: partitionSlot,
  placeAgainAt: (job, ended) => (ended.state === "stopped" ? ended.now : retriedAt(job, ended, standingRetries)),
  verdict(job) {
    const { givenUp, done } = endsOf(job);
    const last = firstOf(givenUp, done);
    return last === undefined ? undefined : { completed: false, ...causeOf(job, last.placement.slot) };
  },
};
