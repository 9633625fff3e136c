import { Fault } from "@shoal/core";
import type { Prng } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import type { KeyRing } from "../../services/requester/src/secrets/key-ring.ts";

/** The secret of a run; each namespace has its own, with the same value. */
export const planSecret = { name: "token", reference: "secret:token", value: "hunter2" } as const;

/** Lets some jobs refer to the secret. */
export function drawSecret(prng: Prng, spec: JobSpec): JobSpec {
  if (!prng.happens(0.1)) return spec;
  return { ...spec, tasks: spec.tasks.map((task) => ({ ...task, env: { ...task.env, TOKEN: planSecret.reference } })) };
}

/** Why the environment of a started task is not the one of its spec; undefined when it is. */
export function secretProblem(env: Readonly<Record<string, string>>): string | undefined {
  const { TOKEN } = env;
  return TOKEN === undefined || TOKEN === planSecret.value ? undefined : `started with the secret "${TOKEN}"`;
}

/** Keys without randomness: the same seed gives the same log, byte for byte. */
export const simulatedKeys: KeyRing = {
  keyId: "simulated",
  seal: (value, context) => ({ keyId: "simulated", sealed: btoa(JSON.stringify([context, value])) }),
  open({ sealed }, context) {
    const [expected, value] = JSON.parse(atob(sealed));
    if (expected !== context) throw new Fault("SECRETS_UNAVAILABLE", `sealed for ${expected}, opened for ${context}`);
    return value;
  },
};
