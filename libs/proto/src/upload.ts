import { z } from "zod";

/** A node asks where it may store the result of an execution that it holds. */
export const UploadRequest = z.object({ executionId: z.string(), jobId: z.string(), namespace: z.string() });
export type UploadRequest = z.infer<typeof UploadRequest>;

/** The right to store one object for some time, or why there is none. */
export const UploadAnswer = z.discriminatedUnion("granted", [
  z.object({
    granted: z.literal(true),
    /** Accepts one PUT of the archive. */
    url: z.string(),
    bucket: z.string(),
    key: z.string(),
  }),
  z.object({ granted: z.literal(false), why: z.string() }),
]);
export type UploadAnswer = z.infer<typeof UploadAnswer>;
