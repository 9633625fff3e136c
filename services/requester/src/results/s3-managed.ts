import { Fault } from "@shoal/core";
import { type Presign, presignedResult, type S3Object } from "./presigner.ts";
import type { ResultStore } from "./result-store.ts";

/** The bucket in which this service lets nodes store results. */
export interface ManagedBucket extends Omit<S3Object, "key"> {
  /** What keys begin with; empty for none. */
  readonly prefix: string;
  /** Validity of a presigned URL in milliseconds. */
  readonly expiresMs: number;
}

/** The object of an execution's result. Derived, never reported: a node cannot name another one. */
export function managedObject(
  { prefix, bucket, region, endpoint }: ManagedBucket,
  { jobId, executionId }: { readonly jobId: string; readonly executionId: string },
): S3Object {
  const folder = prefix.replace(/\/*$/, "");
  return { bucket, region, endpoint, key: `${folder === "" ? "" : `${folder}/`}${jobId}/${executionId}.tar.gz` };
}

/** Results of the publisher `s3managed`: a presigned URL in the bucket that the settings name. */
export const s3Managed = (settings: ManagedBucket, presign: Presign): ResultStore => ({
  type: "s3managed",
  async link({ execution: { jobId, id } }) {
    if (settings.bucket === "") {
      const why = "the result is in managed S3 storage, and this requester has no results.s3managed.bucket";
      throw new Fault("RESULT_NOT_FOUND", why);
    }
    const object = managedObject(settings, { jobId, executionId: id });
    return presignedResult(presign, object, { expiresMs: settings.expiresMs, managed: true });
  },
});
