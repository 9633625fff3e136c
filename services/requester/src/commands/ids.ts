import type { Random } from "@shoal/core";
import { sha256, uuidOfHex } from "@shoal/proto";

/** A new job's id, when neither a name nor a token determines it. */
export const freshJobId = (random: Random): string => `j-${random.uuid()}`;

/**
 * The id of the job of this name: the same name in the same namespace is the same job, and the log itself enforces that
 * it is unique.
 */
export function namedJobId(namespace: string, name: string): string {
  return `j-${uuidOfHex(sha256(`name\n${namespace}\n${name}`))}`;
}

/** The id of the job that a client submits under this token, so that two submissions create one job. */
export function tokenJobId(namespace: string, token: string): string {
  return `j-${uuidOfHex(sha256(`token\n${namespace}\n${token}`))}`;
}
