import { z } from "zod";

// X25519: the key of a request, in base64.
const publicKey = z.string().length(44);

/** A node asks for the secrets of an execution that it is about to start. */
export const SecretRequest = z.object({
  executionId: z.string(),
  jobId: z.string(),
  namespace: z.string(),
  /** A key that the node made for this request: the answer is sealed to it. */
  publicKey,
});
export type SecretRequest = z.infer<typeof SecretRequest>;

/** The values, sealed to the key of the request, or why there are none. */
export const SecretAnswer = z.union([
  /** The sealed JSON of an object: the names of environment variables to their values. In base64. */
  z.object({ sealed: z.string() }),
  /** The node does not hold the execution, or a secret does not exist. */
  z.object({ refused: z.string() }),
]);
export type SecretAnswer = z.infer<typeof SecretAnswer>;

/** What an answer authenticates beside its values: they are of use for this execution alone. */
export const secretAnswerContext = (nodeId: string, executionId: string): string =>
  `shoal secrets for ${executionId} on ${nodeId}`;
