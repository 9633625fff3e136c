import { causeOf, entries, entryOf, Fault, foldAggregate, type Secret, secretKind, secretViews } from "@shoal/core";
import type { Dispatcher } from "../owner/dispatcher.ts";
import type { RequesterPorts } from "../ports.ts";
import type { KeyRing } from "./key-ring.ts";

/** The secret of a request. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface SecretParts {
  readonly dispatcher: Dispatcher;
  readonly ports: Pick<RequesterPorts, "log" | "views" | "random" | "logger">;
  /** Undefined: this requester has no key, and neither stores nor opens secrets. */
  readonly keys: KeyRing | undefined;
}

/** The keys. Throws Fault SECRETS_DISABLED without any. */
export function requireKeys({ keys }: SecretParts): KeyRing {
  if (keys !== undefined) return keys;
  throw new Fault("SECRETS_DISABLED", "secrets.keyFile is not set");
}

/** The aggregate of a secret. */
export const refOf = ({ namespace, name }: SecretName) => ({ kind: "secret", namespace, id: name });

/** A secret as the log has it; undefined when it was never put. */
export const readSecret = async ({ ports }: SecretParts, secret: SecretName): Promise<Secret | undefined> =>
  foldAggregate(secretKind, await ports.log.load(refOf(secret))).state;

/** Writes the entry of a secret at once: a list that follows has the change, whichever requester owns the shard. */
export async function projectSecret(parts: SecretParts, secret: SecretName): Promise<void> {
  const { views, logger } = parts.ports;
  try {
    const state = await readSecret(parts, secret);
    if (state === undefined) return;
    const [entry] = secretViews.flatMap((view) => entries(view, state));
    if (entry === undefined) await views.secrets.remove(`${secret.namespace}.${secret.name}`, state.seq);
    else await views.secrets.put(entry.key, entryOf(entry.seq, entry.value));
  } catch (failure) {
    logger.warn({ ...secret, ...causeOf(failure) }, "could not write the entry of a secret; its shard's owner does");
  }
}
