import { type Prng, sampleSpec } from "@shoal/core/testing";
import { JobSpec } from "@shoal/proto";
import { fits, needsOf, type PlannedNode } from "./plan-nodes.ts";

/** A job that competes with others. */
interface RivalJob {
  readonly spec: JobSpec;
  readonly atMs: number;
  readonly token: string;
  readonly stopAtMs: undefined;
}

export interface RivalOptions {
  /** Nodes that do not die. */
  readonly survivors: readonly PlannedNode[];
  /** When the first one is submitted. */
  readonly fromMs: number;
  readonly preemption: boolean;
}

// Half of the seeds.
const share = 0.5;
// More than one node has devices for, and few enough that they end one after the other.
const rivals = { least: 3, most: 8 } as const;
// Nodes that are filled with work of low priority; more take too long.
const filledMost = 8;
// As long as the longest task of a plan.
const fillerSeconds = 90;
// By then the fillers run.
const preemptsAfterMs = 10_000;

const network = { type: "bridge", ports: [{ name: "web", static: 20_000, target: 80 }] };
/** What the jobs of one group compete for. */
const demands = [
  (spec: JobSpec) => changed(spec, { resources: { ...spec.tasks[0]?.resources, gpu: "1" } }),
  (spec: JobSpec) => changed(spec, { network }),
  (spec: JobSpec) => changed(spec, { network: { type: "http", domains: ["example.org"] } }),
] as const;

/** Jobs that compete for one GPU, one port or one engine; and with preemption a job whose room others have. */
export function drawRivals(prng: Prng, { survivors, fromMs, preemption }: RivalOptions): readonly RivalJob[] {
  if (!prng.happens(share)) return [];
  const small = { cpu: "500m", memory: "1Mb" };
  const groups = demands.flatMap((demand, group) =>
    Array.from({ length: prng.between(rivals.least, rivals.most) }, (_, index) => ({
      spec: demand(sampleSpec({ params: { RunSeconds: prng.pick([0, 2, 5]) }, resources: small })),
      atMs: fromMs + prng.between(0, 5_000),
      token: `rival-${group}-${index}`,
      stopAtMs: undefined,
    })),
  );
  const possible = groups.filter(({ spec }) => survivors.some((node) => fits(needsOf(spec), node)));
  return preemption ? [...possible, ...preempting(survivors, fromMs)] : possible;
}

/** A job of low priority for each node, and one of high priority that finds all of them full. */
function preempting(survivors: readonly PlannedNode[], fromMs: number): readonly RivalJob[] {
  if (survivors.length > filledMost) return [];
  const low = survivors.map(({ cores, pool }, index) => ({
    spec: {
      ...sampleSpec({ params: { RunSeconds: fillerSeconds }, resources: { cpu: `${cores}`, memory: "1Mb" } }),
      constraints: [{ key: "pool", operator: "=" as const, values: [pool] }],
    },
    ...{ atMs: fromMs, token: `filler-${index}`, stopAtMs: undefined },
  }));
  const high = sampleSpec({ params: { RunSeconds: 5 }, resources: { cpu: "500m", memory: "1Mb" }, priority: 3 });
  return [...low, { spec: high, atMs: fromMs + preemptsAfterMs, token: "preemptor", stopAtMs: undefined }];
}

const changed = (spec: JobSpec, more: object): JobSpec =>
  JobSpec.parse({ ...spec, tasks: spec.tasks.map((task) => ({ ...task, ...more })) });
