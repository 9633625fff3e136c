import { check } from "../demo-failure.ts";
import { countOf, placesOf } from "../job-events.ts";
import { standingSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

const count = 3;

/** An operator drains a node: its work moves to other nodes, and it gets no more. */
export const drainNode: DemoStep = {
  title: `Drain a node that runs a part of a service of ${count} executions`,
  async run({ client, cluster, reporter, signal, watch }) {
    const { jobId } = await client.submit(standingSpec({ name: "moves", type: "service", count }));
    const started = (job: string, times: number) =>
      watch.until(job, (events) => countOf(events, "ExecutionStarted") === times, `${times} starts`);
    const before = placesOf(await started(jobId, count));
    const [drained = ""] = before.values();
    const moved = [...before.values()].filter((node) => node === drained).length;
    reporter.print(`${moved} of ${count} executions run on ${drained}: draining it`);
    await cluster.shoal("node", "drain", drained, "--message", "the demo replaces a disk");
    const places = [...placesOf(await started(jobId, count + moved)).values()];
    check(!places.slice(count).includes(drained), `an execution was placed on ${drained} again`);
    const { items } = await client.executions(jobId, { limit: 100 });
    const left = items.filter(({ nodeId, computeState }) => nodeId === drained && computeState.stateType === "running");
    check(left.length === 0, `${left.length} executions still run on ${drained}`);
    const other = await client.submit(standingSpec({ name: "after-drain", type: "service", count }));
    const placesOfOther = [...placesOf(await started(other.jobId, count)).values()];
    check(!placesOfOther.includes(drained), `a job that was submitted after the drain runs on ${drained}`);
    await cluster.shoal("node", "undrain", drained);
    for (const job of [jobId, other.jobId]) {
      await client.stop(job, "the demo goes on");
      await client.waitForJob(job, { signal });
    }
    reporter.passed(`${moved} executions run on other nodes now, and ${drained} is empty`);
  },
};
