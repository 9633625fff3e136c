import { causeOf, Fault, type SecretVersion } from "@shoal/core";
import type { Actor, AggregateRef } from "@shoal/proto";
import { isUnreadable } from "../owner/aggregate/quarantine.ts";
import { type KeyRing, secretContext } from "./key-ring.ts";
import { projectSecret, readSecret, refOf, requireKeys, type SecretName, type SecretParts } from "./stored-secret.ts";

/** What one call of a reseal has done. */
export interface Resealing {
  /** The key that seals. */
  readonly keyId: string;
  /** Versions that are sealed to it by this call. */
  readonly resealed: number;
  /** Versions that are sealed to a key that this requester does not have; version 0 of a secret that cannot be read. */
  readonly failed: readonly (SecretName & { readonly version: number; readonly keyId: string; readonly why: string })[];
  /** Where the next call continues; empty after the last secret. */
  readonly next: string;
}

interface ResealRequest {
  /** Every secret that the log has. */
  readonly secrets: readonly AggregateRef[];
  readonly after: string;
  readonly actor: Actor;
}

// Each with up to ten versions and as many appends of a few milliseconds: well below the time limit of a request.
const secretsPerCall = 50;

/**
 * Seals every version of some secrets to the first key, one commit for each version. Every value can be opened before and
 * after each commit, so a process that ends in between loses nothing, and the next call continues.
 */
export async function resealSecrets(parts: SecretParts, { secrets, after, actor }: ResealRequest): Promise<Resealing> {
  const keys = requireKeys(parts);
  const remaining = secrets
    .map(({ namespace, id }): SecretName => ({ namespace, name: id }))
    .filter((secret) => keyOf(secret) > after)
    .toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const now = remaining.slice(0, secretsPerCall);
  const failed: Resealing["failed"][number][] = [];
  let resealed = 0;
  for (const secret of now) {
    const versions = await versionsOf(parts, secret);
    if (typeof versions === "string") failed.push({ ...secret, version: 0, keyId: "", why: versions });
    const old = typeof versions === "string" ? [] : versions.filter(({ keyId }) => keyId !== keys.keyId);
    for (const version of old) {
      const newlySealed = sealedAgain(keys, secret, version);
      if (typeof newlySealed === "string")
        failed.push({ ...secret, version: version.version, keyId: version.keyId, why: newlySealed });
      else if (await append(parts, secret, { ...newlySealed, actor })) resealed += 1;
    }
    if (old.length > 0) await projectSecret(parts, secret);
  }
  const last = now.at(-1);
  const next = last === undefined || now.length === remaining.length ? "" : keyOf(last);
  return { keyId: keys.keyId, resealed, failed, next };
}

/** The stored versions, or why the secret cannot be read: one that is quarantined does not keep the others from their key. */
async function versionsOf(parts: SecretParts, secret: SecretName): Promise<readonly SecretVersion[] | string> {
  try {
    return (await readSecret(parts, secret))?.versions ?? [];
  } catch (failure) {
    if (isUnreadable(failure)) return causeOf(failure).why;
    throw failure;
  }
}

/** By which the secrets are ordered. */
const keyOf = ({ namespace, name }: SecretName): string => `${namespace}.${name}`;

/** The version sealed to the first key, or why it cannot be opened. */
function sealedAgain(keys: KeyRing, { namespace, name }: SecretName, { version, ...stored }: SecretVersion) {
  const context = secretContext(namespace, name, version);
  try {
    const value = keys.open(stored, context);
    const sealed = keys.seal(value, context);
    // The old value becomes unreadable with its key: nothing is written that does not open.
    if (keys.open(sealed, context) !== value) return "the sealed value does not open";
    return { version, ...sealed };
  } catch (failure) {
    return causeOf(failure).why;
  }
}

type Resealed = Exclude<ReturnType<typeof sealedAgain>, string> & { readonly actor: Actor };

/** Whether the version was stored; false when it is gone, or another requester was faster. */
async function append({ dispatcher, ports }: SecretParts, secret: SecretName, { actor, ...sealed }: Resealed) {
  const command = { name: "Reseal", ...sealed };
  const reply = await dispatcher.send({ id: ports.random.uuid(), aggregate: refOf(secret), command, actor });
  if (reply.ok) return reply.changed;
  if (reply.rejection.code === "SECRET_NOT_FOUND") return false;
  throw new Fault(reply.rejection.code, reply.rejection.why);
}
