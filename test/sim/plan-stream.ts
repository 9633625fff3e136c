import { type Prng, sampleSpec } from "@shoal/core/testing";
import type { JobSpec } from "@shoal/proto";
import type { PlannedNode } from "./plan-nodes.ts";

/**
 * How long a job may wait while smaller ones start where it fits: the limit and two rounds of its lane (90 s), the longest task of a plan
 * (90 s), and the same time again for an older or a lost reservation.
 */
export const starvedMs = 300_000;

interface StreamJob {
  readonly spec: JobSpec;
  readonly atMs: number;
  readonly token: string;
  readonly stopAtMs: undefined;
}

// Because some pools are too large, one seed in fifteen has a stream.
const streamShare = 0.15;
// A stream for a larger pool needs too many jobs for one seed.
const streamCoresMost = 8;
const smallMs = 30_000;
// The load of the stream relative to the capacity of its nodes.
const excess = 1.3;

/**
 * A job that fills the largest node of a pool, and a stream of small ones that fills every node of that pool: from `fromMs` on, until
 * `lastMs` after the large job. Some pools are too large, and those of one core have no smaller jobs.
 */
export function drawStream(
  prng: Prng,
  survivors: readonly PlannedNode[],
  { fromMs, lastMs }: { readonly fromMs: number; readonly lastMs: number },
): readonly StreamJob[] {
  const pools = [...Map.groupBy(survivors, ({ pool }) => pool)].map(([pool, nodes]) => {
    const cores = nodes.map((node) => node.cores);
    return { pool, largest: Math.max(...cores), sum: cores.reduce((sum, each) => sum + each, 0) };
  });
  const [first, ...rest] = pools.filter(({ largest, sum }) => largest > 1 && sum <= streamCoresMost);
  if (first === undefined || !prng.happens(streamShare)) return [];
  const { pool, largest, sum } = prng.pick([first, ...rest]);
  const small = largest > 2 ? 2 : 1;
  const largeAtMs = fromMs + smallMs;
  const everyMs = (smallMs * small) / sum / excess;
  const spec = (cpu: number): JobSpec => ({
    ...sampleSpec({ params: { RunSeconds: smallMs / 1_000 }, resources: { cpu: `${cpu}`, memory: "1Mb" } }),
    constraints: [{ key: "pool", operator: "=", values: [pool] }],
  });
  const stream = Array.from({ length: Math.ceil((smallMs + lastMs) / everyMs) }, (_, index) => ({
    spec: spec(small),
    atMs: Math.floor(fromMs + index * everyMs),
    token: `stream-${index}`,
    stopAtMs: undefined,
  }));
  return [...stream, { spec: spec(largest), atMs: largeAtMs, token: "large", stopAtMs: undefined }];
}
