import { check } from "../demo-failure.ts";
import { countOf, placesOf } from "../job-events.ts";
import { noopSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

const count = 6;
const seconds = 3;

/** A compute node dies in the middle of a batch; other nodes run its executions. */
export const loseNode: DemoStep = {
  title: `Kill a compute node (SIGKILL) in the middle of a batch of ${count}`,
  async run({ client, cluster, reporter, signal, watch }) {
    const { jobId } = await client.submit(noopSpec({ name: "loses-a-node", count, seconds }));
    const running = await watch.until(
      jobId,
      (events) => countOf(events, "ExecutionStarted") === count,
      "all executions running",
    );
    const [victim] = placesOf(running).values();
    check(victim !== undefined, "no execution was assigned to a node");
    const hit = [...placesOf(running).values()].filter((node) => node === victim).length;
    reporter.print(
      `${count} executions run, ${hit} of them on ${victim}: killing it, process ${cluster.facts.pids[victim]}`,
    );
    cluster.kill(victim);
    const job = await client.waitForJob(jobId, { signal });
    check(job.state.stateType === "completed", `the batch ended ${job.state.stateType}: ${job.state.message}`);
    const { items } = await client.executions(jobId, { limit: 1000 });
    const completed = items.filter(({ computeState }) => computeState.stateType === "completed");
    const partitions = new Set(completed.map(({ partitionIndex }) => partitionIndex));
    check(
      completed.length === count && partitions.size === count,
      `expected ${count} completions, got ${completed.length} of ${partitions.size} partitions`,
    );
    check(items.length === count + hit, `expected ${count} executions and ${hit} second attempts, got ${items.length}`);
    check(
      !completed.some(({ nodeId, attempt }) => attempt > 1 && nodeId === victim),
      `a second attempt went to ${victim}`,
    );
    reporter.passed(
      `completed: ${hit} executions were lost with ${victim} and ran on other nodes; every partition completed once`,
    );
  },
};
