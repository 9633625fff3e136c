import {
  causeOf,
  type EventLog,
  executionOf,
  foldJob,
  isLive,
  type Logger,
  type Process,
  specOf,
  type UploadServer,
} from "@shoal/core";
import { tokenProblem, type UploadAnswer, type UploadRequest } from "@shoal/proto";
import type { Presign } from "./presigner.ts";
import { type ManagedBucket, managedObject } from "./s3-managed.ts";

export interface UploadParts {
  readonly uploads: UploadServer;
  readonly log: Pick<EventLog, "load">;
  readonly presign: Presign;
  readonly bucket: ManagedBucket;
  readonly logger: Logger;
}

/** Lets nodes store results in the managed bucket: each only those of executions that it holds. */
export function createUploadGrants(parts: UploadParts): Process {
  let listening: { close(): Promise<void> } | undefined;
  return {
    name: "upload grants",
    async start() {
      listening = await parts.uploads.onUpload((nodeId, request) => answer(parts, nodeId, request));
    },
    async stop() {
      await listening?.close();
    },
  };
}

async function answer(parts: UploadParts, nodeId: string, request: UploadRequest): Promise<UploadAnswer> {
  const { bucket: managed, presign, logger } = parts;
  const why =
    managed.bucket === "" ? "this cluster has no results.s3managed.bucket" : await refusal(parts, nodeId, request);
  if (why !== undefined) {
    logger.info({ nodeId, ...request, why }, "refused an upload");
    return { granted: false, why };
  }
  const object = managedObject(managed, request);
  try {
    const url = await presign({ ...object, method: "PUT", expiresSeconds: Math.ceil(managed.expiresMs / 1_000) });
    return { granted: true, url, bucket: object.bucket, key: object.key };
  } catch (failure) {
    logger.warn({ bucket: object.bucket, ...causeOf(failure) }, "could not presign the URL of an upload");
    return { granted: false, why: causeOf(failure).why };
  }
}

/** Why a node may not store the result of an execution; undefined when it may. The log decides, not a view. */
async function refusal(
  { log }: UploadParts,
  nodeId: string,
  { namespace, jobId, executionId }: UploadRequest,
): Promise<string | undefined> {
  // An id that is not valid in a subject belongs to no job.
  const isValid = [namespace, jobId].every((token) => tokenProblem(token) === undefined);
  const job = isValid ? foldJob(await log.load({ kind: "job", namespace, id: jobId })) : undefined;
  const execution = job && executionOf(job, executionId);
  if (job === undefined || execution === undefined) return `no job ${jobId} with an execution ${executionId}`;
  if (execution.placement.nodeId !== nodeId) return `${executionId} is held by another node`;
  if (!isLive(execution)) return `${executionId} is ${execution.state}`;
  const type = specOf(job, execution.placement).tasks[0]?.publisher.type ?? "";
  return type.toLowerCase() === "s3managed" ? undefined : `${executionId} does not publish to s3managed`;
}
