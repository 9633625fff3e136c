import { next, type SealedSecret, type SecretEvent, type SecretState, secretLimits, secretMachine } from "@shoal/proto";
import type { Moment } from "../decider.ts";

/** A stored version of a secret. */
export interface SecretVersion extends SealedSecret {
  readonly version: number;
  readonly createdAt: number;
}

/** A secret and its sealed versions. */
export interface Secret {
  readonly namespace: string;
  readonly name: string;
  readonly state: SecretState;
  /** The number of the last version, also of a deleted one: a number is never used twice. */
  readonly version: number;
  /** Those that can be read, oldest first; none once it is deleted. */
  readonly versions: readonly SecretVersion[];
  /** The position of its last commit. */
  readonly seq: number;
}

/** Folds one event of a secret in; undefined when the machine does not allow it. */
export function evolveSecret(secret: Secret | undefined, event: SecretEvent, { at, seq }: Moment): Secret | undefined {
  const state = next(secretMachine, secret?.state, event.type);
  if (state === undefined) return undefined;
  if (event.type === "SecretDeleted") return secret && { ...secret, state, versions: [], seq };
  if (event.type === "SecretResealed")
    return secret && { ...secret, state, versions: resealed(secret.versions, event.data), seq };
  const { namespace, name, version, keyId, sealed } = event.data;
  const versions = [...(secret?.versions ?? []), { version, keyId, sealed, createdAt: at }];
  return { namespace, name, state, version, versions: versions.slice(-secretLimits.versions), seq };
}

/** The versions with one that is sealed to another key; its value is the same. */
const resealed = (
  versions: Secret["versions"],
  { version, keyId, sealed }: { readonly version: number } & SealedSecret,
): Secret["versions"] => versions.map((each) => (each.version === version ? { ...each, keyId, sealed } : each));
