import { z } from "zod";

/** The limits of secrets. */
export const secretLimits = {
  /** Of a name: that of a Kubernetes secret, less the dots that subjects do not allow. */
  nameChars: 253,
  /** Of a value, bytes in UTF-8: a certificate chain with its key fits, and its commit stays below the aim of 64 KB. */
  valueBytes: 32_768,
  /** Versions of one secret that can be read; the oldest becomes unreadable first. */
  versions: 10,
} as const;

/** A value that only a holder of the cluster's key can read. */
export const SealedSecret = z.object({
  keyId: z.string().describe("the key of the cluster that it is sealed to"),
  sealed: z.string().describe("the sealed value, in base64; its namespace, name and version are authenticated with it"),
});
export type SealedSecret = z.infer<typeof SealedSecret>;
