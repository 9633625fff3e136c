import type { Chance } from "@shoal/core";
import { uuidOfHex } from "@shoal/proto";

/** A new job's id, when nothing else says which job it is. */
export const freshJobId = (chance: Chance): string => `j-${chance.uuid()}`;

/** The id of the job of this name: the same name in the same namespace is the same job, and the log itself keeps it unique. */
export function namedJobId(chance: Chance, namespace: string, name: string): string {
  return `j-${uuidOfHex(chance.digest(`name\n${namespace}\n${name}`))}`;
}

/** The id of the job that a client submits under this token, so that submitting twice makes one job. */
export function tokenJobId(chance: Chance, namespace: string, token: string): string {
  return `j-${uuidOfHex(chance.digest(`token\n${namespace}\n${token}`))}`;
}
