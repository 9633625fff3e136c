import { fromWire, JobEntity } from "@shoal/proto";
import type { JobPage } from "../catalog/catalog.ts";

/** The jobs on a page of the catalog. Throws when one is not in the API's form. */
export function listedJobs({ json, count }: JobPage): readonly JobEntity[] {
  const jobs: unknown = JSON.parse(`[${Buffer.from(json)}]`);
  if (!Array.isArray(jobs) || jobs.length !== count) throw new Error(`expected ${count} jobs, got ${jobs}`);
  return jobs.map((job) => {
    const read = fromWire(JobEntity, job);
    if (read.ok) return read.value;
    throw new Error(read.problems.join("\n"));
  });
}
