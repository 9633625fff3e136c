import { sampleInfo } from "@shoal/core/testing";
import { JobCompleted, JobStarted, JobSubmitted, NodeJoined } from "@shoal/proto";
import { harnessSpec } from "./api-harness.ts";
import { jobIdOf, jobRef, steps } from "./sample-jobs.ts";
import type { VerifyHarness } from "./verify-harness.ts";

/** A job that is settled, one that runs, and their node. */
export const parties = {
  done: jobIdOf(1),
  open: jobIdOf(2),
  node: { kind: "node", namespace: "", id: "n-one" },
} as const;

const spec = harnessSpec();

/** Steps of a job in a harness, by its id. */
export const appended = (harness: () => VerifyHarness) => {
  const submit = (id: string) => harness().append(jobRef(id), JobSubmitted.of({ jobId: id, spec, version: 1 }));
  const complete = (id: string) => harness().append(jobRef(id), steps.completed(id), JobCompleted.of({}));
  const start = async (id: string) => {
    await submit(id);
    await harness().append(jobRef(id), steps.assigned(id), JobStarted.of({}));
    await harness().append(jobRef(id), steps.started(id));
  };
  return {
    submit,
    start,
    complete,
    /** The log of `parties`, and their views as owners write them. */
    async history(): Promise<void> {
      const { done, open, node } = parties;
      await harness().append(node, NodeJoined.of({ info: sampleInfo(node.id), startedAt: 1 }));
      for (const id of [done, open]) await start(id);
      await complete(done);
      for (const ref of [node, jobRef(done), jobRef(open)]) await harness().project(ref);
    },
  };
};
