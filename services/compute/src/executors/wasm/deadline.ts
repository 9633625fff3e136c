import { type Clock, Fault } from "@shoal/core";

/** The promise's own end, or a Fault ENGINE_FAILED with this sentence when it takes longer than `ms`. */
export async function within<T>(clock: Clock, promise: Promise<T>, limit: { ms: number; why: string }): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.at(clock.now() + limit.ms, () => late.reject(new Fault("ENGINE_FAILED", limit.why)));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    cancel();
  }
}
