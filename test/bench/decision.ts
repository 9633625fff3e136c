import { decideJob, evolveJob, type Job, type JobCommand, silentLogger } from "@shoal/core";
import { createManualClock, createPrng, sampleSpec } from "@shoal/core/testing";
import type { Placeable } from "../../services/requester/src/owner/scheduler/placeable.ts";
import { Scheduler } from "../../services/requester/src/owner/scheduler/scheduler.ts";
import { nodesOf } from "../../services/requester/src/testing/scheduler-harness.ts";
import { type Measure, rounded } from "./measure.ts";

// Enough to warm up the compiler, and for a batch of some tens of milliseconds.
const decisions = { warmUp: 3_000, batch: 1_000, batches: 9 } as const;

/** The CPU time of one scheduling decision, microseconds: from the request for one slot to the command that places it. */
export const decision: Measure = {
  name: "decision",
  summary: () => "scheduling decisions in clusters of 10 and of 1,000 idle nodes",
  run: async () => ({
    decisionMicrosAt10: rounded(await microsAt(10)),
    decisionMicrosAt1000: rounded(await microsAt(1_000)),
  }),
};

async function microsAt(nodes: number): Promise<number> {
  const decide = decider(nodes);
  for (const job of jobsOf(decisions.warmUp)) await decide(job);
  const costs: number[] = [];
  for (let batch = 0; batch < decisions.batches; batch++) {
    const jobs = jobsOf(decisions.batch);
    const began = process.cpuUsage();
    for (const job of jobs) await decide(job);
    const { user, system } = process.cpuUsage(began);
    costs.push((user + system) / decisions.batch);
  }
  // The median: a batch that was disturbed does not count.
  return costs.toSorted((a, b) => a - b)[Math.floor(costs.length / 2)] ?? Number.NaN;
}

/** Makes decisions one after the other; every node bids at once. */
function decider(nodes: number): (job: Job) => Promise<void> {
  const infos = new Map(nodesOf(nodes).map((info) => [info.nodeId, info]));
  const prng = createPrng(nodes);
  let ids = 0;
  const scheduler = new Scheduler({
    bidClient: {
      ask: async (nodeId, { askId, slots }) => ({ askId, nodeId, accepted: true, score: 1, slots }),
      release: () => undefined,
    },
    membership: { candidate: (nodeId) => infos.get(nodeId), settled: () => true },
    clock: createManualClock(),
    random: { uuid: () => `id-${ids++}`, fraction: () => prng.fraction() },
    logger: silentLogger,
    auction: { width: 3, rounds: 8, waitMs: 300 },
  });
  for (const info of infos.values()) scheduler.heartbeat(info);
  return (job) =>
    new Promise((resolve, reject) => {
      const target: Placeable = {
        ref: { kind: "job", namespace: "default", id: job.header.id },
        state: () => job,
        isOpen: () => true,
        async command(command: JobCommand) {
          scheduler.request(target, []);
          if (command.name === "Place") resolve();
          else reject(new Error(`expected a place, got ${command.name}`));
          return { ok: true, changed: true };
        },
      };
      scheduler.request(target, [{ slot: "0" }]);
    });
}

const jobsOf = (count: number): readonly Job[] => Array.from({ length: count }, (_, index) => submitted(`j-${index}`));

function submitted(jobId: string): Job {
  const decision = decideJob(undefined, { name: "Submit", jobId, spec: sampleSpec() }, 0);
  const event = decision.ok ? decision.events[0] : undefined;
  const job = event === undefined ? undefined : evolveJob(undefined, event, { at: 0, seq: 1 });
  if (job === undefined) throw new Error("a job could not be submitted");
  return job;
}
