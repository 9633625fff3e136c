import { type FoundJob, findJob } from "../reads/find-job.ts";
import type { Front } from "./front.ts";
import type { Call } from "./route.ts";

/**
 * The job that the path names as `:id`, at least as new as the read's position; the answer carries the job's own. Lists of this
 * requester are not older than what was read here, whoever asks for them. Throws as `findJob`.
 */
export async function jobAt(call: Call<{ readonly namespace?: string | undefined }>, front: Front): Promise<FoundJob> {
  const { namespace } = call.query;
  const found = await findJob(front, call.param("id"), { namespace, position: call.position });
  const seq = found.stored.at(-1)?.seq ?? 0;
  front.catalog.folded(found.job);
  call.reflects(seq);
  return found;
}
