import { addImport, addItem } from "../edits.ts";
import type { PartTemplate } from "../part.ts";

const folder = "libs/core/src/job/job-types";

/** A type of jobs. */
export const jobType: PartTemplate = {
  name: "job-type",
  summary: "which slots a job has and when it is over; write it, its histories, and since which level it may run",
  files: ({ kebab, camel }) => ({
    [`${folder}/${kebab}.ts`]: `import { deadlineDefaults } from "./deadline-defaults.ts";
import type { JobType } from "./job-type.ts";

const isSlot = (text: string, count: number) => /^(?:0|[1-9]\\d*)$/.test(text) && Number(text) < count;

/** One execution for each partition, placed again at once however it ended. It runs until it is stopped. */
export const ${camel}: JobType = {
  name: "${kebab}",
  defaults: deadlineDefaults,
  slots: ({ header }) => Array.from({ length: header.spec.count }, (_, index) => ({ slot: String(index) })),
  slotOf: ({ header }, slot) => (isSlot(slot, header.spec.count) ? { slot } : undefined),
  placeAgainAt: (_, { final, now }) => (final ? undefined : now),
  verdict: () => undefined,
};
`,
    [`${folder}/${kebab}.contract.test.ts`]: `import { type JobSpec, JobSubmitted } from "@shoal/proto";
import { folded } from "../../testing/given.ts";
import { sampleJobId, sampleSpec } from "../../testing/samples.ts";
import { evolveJob, type JobEvent } from "../evolve.ts";
import type { Job } from "../job.ts";
import { jobTypeContract } from "./contract.ts";
import { ${camel} } from "./${kebab}.ts";

const spec: JobSpec = { ...sampleSpec({ count: 2 }), type: "${kebab}" };

jobTypeContract(${camel}, () => {
  const job = folded<Job, JobEvent>(evolveJob, [JobSubmitted.of({ jobId: sampleJobId, spec, version: 1 })]);
  return job === undefined ? [] : [job];
});
`,
  }),
  edits: ({ kebab, camel }) => [
    { path: `${folder}/index.ts`, change: addImport(`import { ${camel} } from "./${kebab}.ts";`) },
    { path: `${folder}/index.ts`, change: addItem(`registry<JobType>("job type", [`, camel) },
    {
      path: "libs/proto/src/job/spec.ts",
      change: (text) =>
        new RegExp(`jobTypes = \\[[^\\]]*"${kebab}"`).test(text)
          ? text
          : addItem("export const jobTypes = [", `"${kebab}"`)(text),
    },
  ],
};
