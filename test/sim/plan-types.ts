import { type Prng, sampleSpec } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";

/** A new version that a client requests; times are milliseconds from the start. */
export interface PlannedVersion {
  readonly atMs: number;
  /** Another spec of the job; undefined for a rerun. */
  readonly spec: JobSpec | undefined;
}

/** A job with a name and, later, with more versions. */
interface TypedJob {
  readonly spec: JobSpec;
  readonly atMs: number;
  readonly token: string;
  readonly versions: readonly PlannedVersion[];
  readonly stopAtMs: number | undefined;
}

const types = ["batch", "service", "daemon", "ops"] as const;

/** Draws jobs of every type, some with new versions; none in half of the seeds. A job that runs until it is stopped is stopped. */
export function drawTypes(prng: Prng, { faultsMs }: { readonly faultsMs: number }): readonly TypedJob[] {
  return Array.from({ length: prng.pick([0, 0, 1, 3]) }, (_, index) => {
    const type = prng.pick(types);
    const name = `typed-${index}`;
    const atMs = prng.between(0, faultsMs * 0.7);
    let lastMs = atMs;
    const versions = Array.from({ length: prng.pick([0, 0, 1, 3]) }, (__, change) => {
      lastMs += prng.between(0, 20_000);
      return { atMs: lastMs, spec: prng.happens(0.7) ? specOf(prng, { type, name, priority: change + 1 }) : undefined };
    });
    const isStanding = type === "service" || type === "daemon";
    return {
      spec: specOf(prng, { type, name, priority: 0 }),
      atMs,
      token: name,
      versions,
      // Long enough after the faults for a rollout.
      stopAtMs: isStanding || prng.happens(0.2) ? Math.max(faultsMs, lastMs) + prng.between(0, 60_000) : undefined,
    };
  });
}

function specOf(
  prng: Prng,
  { type, name, priority }: { readonly type: (typeof types)[number]; readonly name: string; readonly priority: number },
): JobSpec {
  const isOnNodes = type === "ops" || type === "daemon";
  const params = {
    RunSeconds: prng.pick([0, 2, 15, 600]),
    ...(prng.happens(0.15) ? { FailWith: "it was configured to fail" } : {}),
    ...(prng.happens(0.1) ? { ExitCode: 3 } : {}),
  };
  const isEnding = type === "batch" || type === "ops";
  const base = sampleSpec({
    params: isEnding ? { ...params, RunSeconds: Math.min(params.RunSeconds, 15) } : params,
    resources: { cpu: "500m", memory: "1Mb" },
    priority,
    ...(isOnNodes ? {} : { count: prng.pick([1, 2, 4]) }),
    // A service waits for room for ever otherwise, and a job that fits no node of the moment fails.
    timeouts: { queueTimeout: 3_600 },
  });
  const update = { maxParallel: prng.pick([1, 2]), minHealthyTime: prng.pick([0, 3]), autoRevert: prng.happens(0.7) };
  return JobSpec.parse({
    ...base,
    ...{ type, name },
    ...(isEnding ? {} : { update }),
    tasks: base.tasks.map((task) => ({
      ...task,
      failOnNonZeroExit: prng.happens(0.5),
      ...(prng.happens(0.3) ? { retryPolicy: { maxAttempts: prng.pick([1, 3]), jitter: 0.5 } } : {}),
    })),
  });
}
