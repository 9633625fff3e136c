import { backoffMs, Fault, pause } from "@shoal/core";
import { newBoxKey, openSealed } from "@shoal/node";
import { isSecretReference, secretAnswerContext } from "@shoal/proto";
import { z } from "zod";
import { breakOff } from "../break-off.ts";
import type { Run } from "../run.ts";

// To answer, a requester folds a few subjects of the log. That takes milliseconds each, or seconds while the log fails over.
const answerMs = 5_000;
// Restarted requesters are back within seconds; one that lost its key file is not.
const limitMs = 60_000;
const backoff = { firstMs: 250, maxMs: 5_000 } as const;

const Values = z.record(z.string(), z.string());

/**
 * The values of the secrets that a task's environment refers to, by variable. Each request has a new key, to which the answer is sealed:
 * no value is stored or sent in clear. Throws Fault SECRET_MISSING when a requester refuses, SECRETS_UNAVAILABLE when none answers.
 */
export async function fetchSecrets(run: Run, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const { ports, assignment } = run;
  const { clock } = ports;
  if (!Object.values(assignment.task.env).some(isSecretReference)) return {};
  const expiresAt = clock.now() + limitMs;
  for (let failures = 1; ; failures++) {
    const values = await breakOff(clock, signal, requested(run));
    if (values !== undefined) return values;
    const pauseMs = backoffMs(backoff, failures);
    if (signal.aborted || clock.now() + pauseMs > expiresAt)
      throw new Fault("SECRETS_UNAVAILABLE", `no requester answered within ${limitMs / 1000} s`);
    await pause(clock, pauseMs, signal);
  }
}

/** The values of one request; undefined when it had no answer. */
async function requested({ ports, assignment }: Run): Promise<Readonly<Record<string, string>> | undefined> {
  const { executionId, jobId, namespace, nodeId } = assignment;
  const key = newBoxKey();
  const publicKey = Buffer.from(key.publicKey).toString("base64");
  const answer = await ports.bidServer.requestSecrets({ executionId, jobId, namespace, publicKey }, answerMs);
  if (answer === undefined) return undefined;
  if ("refused" in answer) throw new Fault("SECRET_MISSING", answer.refused);
  const context = secretAnswerContext(nodeId, executionId);
  try {
    const opened = openSealed(key, Buffer.from(answer.sealed, "base64"), context);
    return Values.parse(JSON.parse(Buffer.from(opened).toString()));
  } catch {
    // Not sealed by a requester for this request. The cause is left out: it might quote a value.
    throw new Fault("SECRETS_UNAVAILABLE", "the answer is not sealed for this request");
  }
}
