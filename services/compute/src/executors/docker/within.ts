import { type Clock, Fault, within as limited } from "@shoal/core";

/** The most that a call to the engine may take. kubelet gives its container runtime the same two minutes: a busy disk needs them. */
export const callLimitMs = 120_000;

/** The promise's own end, or a Fault ENGINE_FAILED when the engine has not answered after `limitMs`; `what` names the call. */
export function within<T>(promise: Promise<T>, limit: { clock: Clock; limitMs: number; what: string }): Promise<T> {
  const { clock, limitMs, what } = limit;
  const late = () => new Fault("ENGINE_FAILED", `${what}: the engine did not answer within ${limitMs} ms`);
  return limited(promise, { clock, limitMs, late });
}
