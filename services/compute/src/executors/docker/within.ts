import { type Clock, Fault, within as limited } from "@shoal/core";

/**
 * Limit of a call to the engine. kubelet gives its container runtime the same two minutes, because a busy disk needs
 * them.
 */
export const callLimitMs = 120_000;

/**
 * Settles like the promise, or rejects with a Fault ENGINE_FAILED when the engine has not answered after `limitMs`;
 * `what` names the call.
 */
export function within<T>(promise: Promise<T>, limit: { clock: Clock; limitMs: number; what: string }): Promise<T> {
  const { clock, limitMs, what } = limit;
  const late = () => new Fault("ENGINE_FAILED", `${what}: the engine did not answer within ${limitMs} ms`);
  return limited(promise, { clock, limitMs, late });
}
