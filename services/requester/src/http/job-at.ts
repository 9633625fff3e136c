import { type FoundJob, findJob } from "../reads/find-job.ts";
import { type ViewedJob, viewJob } from "../reads/view-job.ts";
import type { ApiContext } from "./api-context.ts";
import type { ApiRequest } from "./route-handler.ts";

type JobRequest = ApiRequest<{ readonly namespace?: string | undefined }>;

/**
 * The job that the path names as `:id`, with its history, at least as new as the read's position. The response carries
 * the job's own position, and later lists of this requester are not older. Throws as `findJob`.
 */
export async function jobAt(request: JobRequest, context: ApiContext): Promise<FoundJob> {
  const found = await findJob(context, request.param("id"), scopeOf(request));
  context.catalog.folded(found.job);
  request.reflects(found.job.seq);
  return found;
}

/** The same without its history, as the API shows it: the cheaper read. Throws as `viewJob`. */
export async function jobViewAt(request: JobRequest, context: ApiContext, withExecutions = false): Promise<ViewedJob> {
  const viewed = await viewJob(context, request.param("id"), { ...scopeOf(request), withExecutions });
  request.reflects(viewed.seq);
  return viewed;
}

/** Answers with the position of a command that changed a job; later lists of this requester are not older. */
export function acknowledge(
  { reflects }: Pick<ApiRequest<unknown>, "reflects">,
  { catalog, positions }: ApiContext,
  { jobId, seq }: { readonly jobId: string; readonly seq: number },
): void {
  reflects(seq);
  // A command that an owner decided reaches the catalog with the view, up to half a second later.
  if (catalog.seqOf(jobId) < seq) positions.acknowledged(seq);
}

const scopeOf = ({ query, position }: JobRequest) => ({ namespace: query.namespace, position });
