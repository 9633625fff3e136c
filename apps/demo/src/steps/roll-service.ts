import type { FeedEvent } from "@shoal/client";
import { ExecutionAssigned, ExecutionStarted, ExecutionsStopping, fromWire, slotsIn } from "@shoal/proto";
import { check } from "../demo-failure.ts";
import { countOf } from "../job-events.ts";
import { standingSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

const count = 3;
const name = "rolls";
const update = { MaxParallel: 1, MinHealthyTime: 0.5 };

/** A service gets a new version, one execution at a time; a version that fails is rolled back. */
export const rollService: DemoStep = {
  title: `Update a service of ${count} executions, one at a time; then with a version that fails`,
  async run({ client, reporter, signal, watch }) {
    const { jobId } = await client.submit(standingSpec({ name, type: "service", count, update }));
    const rolledOut = (times: number) => (events: readonly FeedEvent[]) => countOf(events, "JobRolledOut") === times;
    await watch.until(jobId, (events) => countOf(events, "ExecutionStarted") === count, "all executions running");
    await client.submit(standingSpec({ name, type: "service", count, update, stdout: "version 2" }));
    const rolled = await watch.until(jobId, rolledOut(1), "version 2 rolled out");
    const least = leastRunning(rolled);
    check(least === count - 1, `expected ${count - 1} executions to run at every moment, got ${least}`);
    reporter.passed(`version 2 is rolled out: ${least} of ${count} executions ran at every moment`);

    await client.submit(standingSpec({ name, type: "service", count, update, failWith: "version 3 does not start" }));
    const reverted = await watch.until(jobId, rolledOut(2), "version 3 rolled back");
    const held = leastRunning(reverted);
    check(held === count - 1, `expected ${count - 1} executions to run during the rollback, got ${held}`);
    const { version } = await client.job(jobId);
    check(version === 4, `expected version 4, a copy of version 2, got version ${version}`);
    await client.stop(jobId, "the demo goes on");
    await client.waitForJob(jobId, { signal });
    reporter.passed(`version 3 failed: version 4 is a copy of version 2, and ${held} executions never stopped`);
  },
};

/** The fewest slots that ran at a time, from when all ran first. */
function leastRunning(events: readonly FeedEvent[]): number {
  const slotOf = new Map<string, string>();
  const running = new Set<string>();
  let least: number | undefined;
  for (const { type, cloudEvent } of events) {
    if (type === ExecutionAssigned.name) {
      const read = fromWire(ExecutionAssigned.data, cloudEvent.data);
      if (read.ok) slotOf.set(read.value.executionId, read.value.slot);
    } else if (type === ExecutionStarted.name) {
      const read = fromWire(ExecutionStarted.data, cloudEvent.data);
      if (read.ok) running.add(slotOf.get(read.value.executionId) ?? "");
    } else if (type === ExecutionsStopping.name) {
      const read = fromWire(ExecutionsStopping.data, cloudEvent.data);
      if (read.ok) for (const slot of slotsIn(read.value.slots)) running.delete(slot);
    }
    if (running.size === count || least !== undefined) least = Math.min(least ?? count, running.size);
  }
  return least ?? 0;
}
