import { type FoundJob, findJob } from "../reads/find-job.ts";
import { type ViewedJob, viewJob } from "../reads/view-job.ts";
import type { ApiContext } from "./api-context.ts";
import type { Call } from "./route-handler.ts";

type JobCall = Call<{ readonly namespace?: string | undefined }>;

/**
 * The job that the path names as `:id`, with its history, at least as new as the read's position; the answer carries the job's own.
 * Lists of this requester are not older than what was read here. Throws as `findJob`.
 */
export async function jobAt(call: JobCall, context: ApiContext): Promise<FoundJob> {
  const found = await findJob(context, call.param("id"), scopeOf(call));
  context.catalog.folded(found.job);
  call.reflects(found.job.seq);
  return found;
}

/** The same without its history, as the API shows it: the cheap way. Throws as `viewJob`. */
export async function jobViewAt(call: JobCall, context: ApiContext, withExecutions = false): Promise<ViewedJob> {
  const viewed = await viewJob(context, call.param("id"), { ...scopeOf(call), withExecutions });
  call.reflects(viewed.seq);
  return viewed;
}

const scopeOf = ({ query, position }: JobCall) => ({ namespace: query.namespace, position });
