import { Fault, isEntryKey, type SecretVersion, secretKind } from "@shoal/core";
import { type Actor, type JobSpec, SecretEntry, type SecretReference, secretReferenceOf } from "@shoal/proto";
import type { RequesterPorts } from "../ports.ts";
import { secretContext } from "./key-ring.ts";
import { type Resealing, resealSecrets } from "./reseal-secrets.ts";
import { projectSecret, readSecret, refOf, requireKeys, type SecretName, type SecretParts } from "./stored-secret.ts";

/** Secrets of the cluster. Values go in and do not come out, except to a node that starts a task. */
export interface Secrets {
  /**
   * Stores a value as the next version, sealed. Throws Fault SECRETS_DISABLED, and as the dispatcher does. No Fault
   * contains the value.
   */
  put(secret: SecretName, value: string, actor: Actor): Promise<{ readonly version: number; readonly seq: number }>;
  /** Deletes a secret with its versions. Throws Fault SECRET_NOT_FOUND. */
  delete(secret: SecretName, actor: Actor): Promise<{ readonly seq: number }>;
  /** The secrets of a namespace, or of all with `*`, by name: without values. */
  list(namespace: string): Promise<readonly SecretEntry[]>;
  /**
   * Seals the values of the secrets after `after` (empty for the first) to the first key; some of them at a time. Throws
   * Fault SECRETS_DISABLED, and as the dispatcher does; a call that breaks off may be repeated.
   */
  reseal(after: string, actor: Actor): Promise<Resealing>;
  /** Throws Fault SECRET_MISSING when the spec refers to a secret that does not exist. */
  requireAll(spec: JobSpec): Promise<void>;
  /** The values of a task's environment that refer to secrets. Throws Fault SECRET_MISSING, SECRETS_UNAVAILABLE. */
  valuesOf(spec: JobSpec): Promise<Readonly<Record<string, string>>>;
}

// Versions of one secret are put by people and pipelines: five concurrent ones are many.
const attemptsMax = 5;

export function createSecrets(parts: SecretParts): Secrets {
  const { ports } = parts;
  return {
    put: (secret, value, actor) => put(parts, secret, { value, actor }),
    delete: (secret, actor) => remove(parts, secret, actor),
    list: (namespace) => listed(ports, namespace),
    reseal: async (after, actor) =>
      // From the log: a secret that no view shows yet must not lose its key.
      resealSecrets(parts, { secrets: await ports.log.aggregatesOf(secretKind.name), after, actor }),
    async requireAll(spec) {
      for (const [, reference] of referencesOf(spec)) {
        requireKeys(parts);
        await versionOf(parts, spec.namespace, reference);
      }
    },
    async valuesOf(spec) {
      const values: Record<string, string> = {};
      for (const [variable, reference] of referencesOf(spec)) {
        const secret = await versionOf(parts, spec.namespace, reference);
        const context = secretContext(spec.namespace, reference.name, secret.version);
        values[variable] = requireKeys(parts).open(secret, context);
      }
      return values;
    },
  };
}

interface NewValue {
  readonly value: string;
  readonly actor: Actor;
}

async function put(parts: SecretParts, secret: SecretName, { value, actor }: NewValue) {
  const { dispatcher, ports } = parts;
  const { namespace, name } = secret;
  for (let attempt = 1; ; attempt++) {
    const version = ((await readSecret(parts, secret))?.version ?? 0) + 1;
    const sealed = requireKeys(parts).seal(value, secretContext(namespace, name, version));
    const command = { name: "Put", namespace, secret: name, version, ...sealed };
    const envelope = { id: ports.random.uuid(), aggregate: refOf(secret), command, actor };
    const reply = version === 1 ? (await dispatcher.create(envelope)).reply : await dispatcher.send(envelope);
    if (reply.ok) {
      await projectSecret(parts, secret);
      return { version, seq: reply.seq };
    }
    const { code, why } = reply.rejection;
    if (code !== "REVISION_CONFLICT" || attempt === attemptsMax) throw new Fault(code, why);
  }
}

async function remove(parts: SecretParts, secret: SecretName, actor: Actor) {
  const { dispatcher, ports } = parts;
  if ((await readSecret(parts, secret))?.state !== "present")
    throw new Fault("SECRET_NOT_FOUND", `no secret ${secret.name} in namespace ${secret.namespace}`);
  const command = { name: "Delete" };
  const reply = await dispatcher.send({ id: ports.random.uuid(), aggregate: refOf(secret), command, actor });
  if (!reply.ok) throw new Fault(reply.rejection.code, reply.rejection.why);
  await projectSecret(parts, secret);
  return { seq: reply.seq };
}

async function versionOf(
  parts: SecretParts,
  namespace: string,
  { name, version }: SecretReference,
): Promise<SecretVersion> {
  const versions = (await readSecret(parts, { namespace, name }))?.versions ?? [];
  const found = version === undefined ? versions.at(-1) : versions.find((each) => each.version === version);
  if (found !== undefined) return found;
  const what = version === undefined ? "" : `version ${version} of `;
  throw new Fault("SECRET_MISSING", `${what}secret ${name} does not exist in namespace ${namespace}`);
}

/** The variables of a spec's task that refer to secrets. */
const referencesOf = ({ tasks: [task] }: JobSpec): readonly (readonly [variable: string, SecretReference])[] =>
  Object.entries(task?.env ?? {}).flatMap(([variable, value]) => {
    const reference = secretReferenceOf(value);
    return reference === undefined ? [] : [[variable, reference] as const];
  });

async function listed({ views }: Pick<RequesterPorts, "views">, namespace: string): Promise<readonly SecretEntry[]> {
  const secrets = new Map<string, SecretEntry>();
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = await views.secrets.watch(namespace === "*" ? ">" : `${namespace}.*`, {
    changed(key, value) {
      const entry = isEntryKey(key) ? SecretEntry.safeParse(value) : undefined;
      if (entry?.success === true) secrets.set(key, entry.data);
      else secrets.delete(key);
    },
    ready: resolve,
  });
  await promise;
  await watch.close();
  return [...secrets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
}
