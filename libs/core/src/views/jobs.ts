import { buckets, type ExecutionEntity } from "@shoal/proto";
import { executionEntities, jobEntity } from "../job/entity.ts";
import { countsOf, type Job } from "../job/job.ts";
import type { View } from "./view.ts";

/** Limits of one entry; beyond them it has only counts, and the log has the rest. */
export const jobEntryLimits = {
  /** A page of the API shows fewer; one entry is some 40 KB at this number. */
  executions: 64,
  /** An eighth of the server's default message limit (1 MB), so that an entry of any texts fits into a message. */
  textChars: 131_072,
} as const;

/** Every job with its executions as the API shows them. */
export const jobs: View<Job> = {
  bucket: { name: buckets.jobs, keys: "<namespace>.<jobId>" },
  pace: "after a moment",
  parts: (job) => [{ key: `${job.header.spec.namespace}.${job.header.id}`, of: job, seq: job.seq }],
  render(_, job) {
    const executions = executionsInEntry(job);
    return { job: jobEntity(job), ...(executions === undefined ? {} : { executions }), counts: countsOf(job) };
  },
};

/** The executions in a job's entry: all of them, or none when they exceed the limits. */
function executionsInEntry(job: Job): readonly ExecutionEntity[] | undefined {
  const count = job.live.size + job.ended.size + job.superseded.size;
  if (job.evicted.size > 0 || count > jobEntryLimits.executions) return undefined;
  const entities = executionEntities(job);
  const chars = entities.reduce((sum, entity) => sum + textCharsOf(entity), 0);
  return chars < jobEntryLimits.textChars ? entities : undefined;
}

function textCharsOf({ runOutput, computeState, desiredState }: ExecutionEntity): number {
  const output =
    runOutput === undefined ? 0 : runOutput.stdout.length + runOutput.stderr.length + runOutput.errorMsg.length;
  return output + computeState.message.length + desiredState.message.length;
}
