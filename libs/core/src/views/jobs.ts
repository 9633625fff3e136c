import { buckets } from "@shoal/proto";
import { jobEntity } from "../job/entity.ts";
import type { Job } from "../job/job.ts";
import type { View } from "./view.ts";

/** Every job as the API shows it, under `<namespace>.<jobId>`. */
export const jobs: View<Job> = {
  bucket: buckets.jobs,
  pace: "after a moment",
  parts: ({ header }) => [{ key: `${header.spec.namespace}.${header.id}`, of: header, seq: header.seq }],
  render: (_, job) => ({ job: jobEntity(job) }),
};
