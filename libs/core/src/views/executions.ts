import { buckets } from "@shoal/proto";
import { Bug } from "../fault.ts";
import { executionEntity } from "../job/entity.ts";
import type { Job } from "../job/job.ts";
import type { View } from "./view.ts";

/** Every execution as the API shows it, under `<jobId>.<executionId>`. */
export const executions: View<Job> = {
  bucket: buckets.executions,
  pace: "after a moment",
  *parts({ header, executions: all }) {
    for (const [id, execution] of all) yield { key: `${header.id}.${id}`, of: execution, seq: execution.seq };
  },
  render({ key }, { header, executions: all }) {
    const execution = all.get(key.slice(header.id.length + 1));
    if (execution === undefined) throw new Bug(`${key} is no execution of its job`);
    return { execution: executionEntity(header, execution) };
  },
};
