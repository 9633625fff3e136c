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
  /** The key that it is sealed to. */
  keyId: z.string(),
  /** The sealed value, in base64. Its namespace, name and version are authenticated with it. */
  sealed: z.string(),
});
export type SealedSecret = z.infer<typeof SealedSecret>;
