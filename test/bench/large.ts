import { changes, decideJob, foldCommit, type Job, type JobCommand, jobKind, jobLimits, kinds } from "@shoal/core";
import { createSimulatedCluster, sampleResources, sampleSpec } from "@shoal/core/testing";
import { type Commit, commitVersion, featureLevel, type StoredEvent } from "@shoal/proto";
import { FeatureGate } from "../../services/requester/src/owner/aggregate/feature-gate.ts";
import { Reconciler } from "../../services/requester/src/owner/aggregate/reconciler.ts";
import { reactingAtOnce } from "../../services/requester/src/owner/owner.ts";
import { Aggregates } from "../../services/requester/src/owner/shard/aggregates.ts";
import { Projector } from "../../services/requester/src/owner/views/projector.ts";
import { memoryPorts } from "../../services/requester/src/testing/memory-ports.ts";
import { type Measure, percentile, rounded } from "./measure.ts";

// The load of the issue: open jobs in a requester, spread over nodes, one of which is lost.
const openJobs = 100_000;
const nodes = 100;
const executions = 10_000;
// The first runs warm up the compilers; the result is the median of all.
const repeats = 15;

/** Measures how long large commands block a requester, on memory ports. */
export const large: Measure = {
  name: "large",
  summary: () => `the loss of a node with ${openJobs} open jobs, and Stop of ${executions} executions`,
  run: async () => ({ nodeLossBlockedMs: await nodeLoss(), stopLargeMs: rounded(stopLarge()) }),
};

const refOf = (id: string) => ({ kind: "job", namespace: "default", id }) as const;
const spec = sampleSpec();

/** The longest turn of a requester's event loop at the loss of a node; the median over nodes. */
async function nodeLoss(): Promise<number> {
  const ports = memoryPorts(createSimulatedCluster(), "bench");
  const gone = new Set<string>();
  const reconciler = new Reconciler({
    ...ports,
    by: "bench",
    world: { isGone: (nodeId) => gone.has(nodeId), nodes: () => [], settled: () => true },
    scheduler: { request: () => undefined, remove: () => undefined },
    effects: { update: () => undefined, remove: () => undefined },
  });
  const aggregates = new Aggregates({
    ...{ ports, kinds, reconciler, by: "bench", epoch: 1 },
    projector: new Projector({ ...ports, beforeWrite: () => undefined }),
    onSize: () => undefined,
    features: new FeatureGate({ supported: featureLevel, logger: ports.logger }),
    // The views already have them.
    projectedSeq: () => Number.POSITIVE_INFINITY,
  });
  aggregates.begin(0, 0);
  for (let index = 0; index < openJobs; index++) {
    const id = `j-${index}`;
    const [, events] = decided([
      { name: "Submit", jobId: id, spec },
      { name: "Place", places: [placeOn(`n-${index % nodes}`, 0)], answers: [] },
    ]);
    aggregates.onAppended({ aggregate: refOf(id), seq: index + 1, hash: id, commit: commitOf(id, "", events) });
    if (index % 1_000 === 0) await nextTurn();
  }
  await nextTurn();
  const longest: number[] = [];
  for (let node = 0; node < repeats; node++) {
    gone.add(`n-${node}`);
    longest.push(await turnsOf(aggregates, reconciler, `n-${node}`));
  }
  aggregates.close();
  return rounded(percentile(longest, 0.5));
}

/** Works as the owner does; the longest of its turns, milliseconds. */
async function turnsOf(aggregates: Aggregates, reconciler: Reconciler, nodeId: string): Promise<number> {
  let longest = 0;
  let began = performance.now();
  const actors = aggregates.on(nodeId);
  if (actors.length !== openJobs / nodes) throw new Error(`expected ${openJobs / nodes} jobs, got ${actors.length}`);
  for (let first = 0; first < actors.length; first += reactingAtOnce) {
    for (const actor of actors.slice(first, first + reactingAtOnce)) reconciler.reconcile(actor);
    await nextTurn();
    longest = Math.max(longest, performance.now() - began);
    began = performance.now();
  }
  return longest;
}

/** The CPU time of deciding, encoding, folding and projecting the Stop of one job with many executions, and of reacting to it, milliseconds. */
function stopLarge(): number {
  const places = Array.from({ length: executions }, (_, index) => placeOn(`n-${index % nodes}`, index));
  const { placesPerCommit } = jobLimits;
  const batches = Array.from({ length: Math.ceil(executions / placesPerCommit) }, (_, batch) =>
    places.slice(batch * placesPerCommit, (batch + 1) * placesPerCommit),
  );
  const placing = batches.map((each) => ({ name: "Place", places: each, answers: [] }) as const);
  const times = Array.from({ length: repeats }, () => {
    const [running] = decided([{ name: "Submit", jobId: "j-1", spec: sampleSpec({ count: executions }) }, ...placing]);
    if (running?.live.size !== executions) throw new Error(`expected ${executions} live, got ${running?.live.size}`);
    const began = cpuMs();
    const decision = decideJob(running, { name: "Stop", why: "bench" }, 0);
    const commit = commitOf("stop", "", decision.ok ? decision.events : []);
    JSON.stringify(commit);
    const stored = { aggregate: refOf("j-1"), seq: 9, hash: "", commit };
    const after = foldCommit(jobKind.evolve, running, stored);
    if (after === undefined) throw new Error("expected a job");
    const made = jobKind.views.flatMap((view) => changes(view, running, { after, seq: 9 }));
    for (const { value } of made) JSON.stringify(value);
    jobKind.react(after, { isGone: () => false, nodes: () => [], settled: () => true }, 9);
    return cpuMs() - began;
  });
  return percentile(times, 0.5);
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

const placeOn = (nodeId: string, slot: number) => ({
  slot: `${slot}`,
  nodeId,
  askId: "a-1",
  resources: sampleResources,
});

/** The job after some commands, and their events. */
function decided(commands: readonly JobCommand[], before?: Job): readonly [Job | undefined, readonly StoredEvent[]] {
  const all: StoredEvent[] = [];
  let job = before;
  for (const command of commands) {
    const decision = decideJob(job, command, 0);
    if (!decision.ok) throw new Error(`${command.name}: ${decision.rejection.why}`);
    const moment = { at: 0, seq: 1, fresh: new Set<object>() };
    job = decision.events.reduce<Job | undefined>((state, event) => jobKind.evolve(state, event, moment), job);
    all.push(...decision.events);
  }
  return [job, all];
}

const commitOf = (id: string, prev: string, events: readonly StoredEvent[]): Commit => ({
  ...{ v: commitVersion, id, at: 0, by: "bench", epoch: 1, prev, events },
  actor: { type: "requester", id: "bench" },
  cause: { command: "bench" },
});

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
