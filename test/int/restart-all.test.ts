import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { endedIn } from "./decisions.ts";
import { type FaultCluster, startFaultCluster } from "./fault-cluster.ts";
import { expectAllPromisesHold } from "./quiescence.ts";

const jobsCount = 40;
// Two nodes run four each: most of the jobs wait.
const nodeSettings = { "capacity.cpu": "400m" };

const spec = (serial: number) => ({
  Type: "batch",
  Count: 1 + (serial % 3),
  Tasks: [
    {
      Name: "main",
      Engine: { Type: "noop", Params: { RunSeconds: (1 + (serial % 3)) / 10 } },
      Resources: { CPU: "100m" },
    },
  ],
});

const running = ({ observer }: FaultCluster): number =>
  [...observer.trace.jobs.values()].reduce((sum, job) => sum + job.live().length, 0);
const history = ({ observer }: FaultCluster): readonly string[] =>
  observer.commits.map(({ seq, hash }) => `${seq} ${hash}`);

onServer(() => {
  it("has all jobs, and ends them, after a stop and a restart of all processes", async () => {
    const folder = await mkdtemp(join(tmpdir(), "shoal-int-"));
    const clusters: FaultCluster[] = [];
    try {
      const first = await startFaultCluster(join(folder, "data"), { nodeSettings });
      clusters.push(first);
      const submitted = await Promise.all(
        Array.from({ length: jobsCount }, (_, serial) => first.client.submit(spec(serial))),
      );
      const acknowledged = new Set(submitted.map(({ jobId }) => jobId));
      await first.observer.until("some done, some running", () => endedIn(first.observer) > 4 && running(first) > 2);
      await first.stop();
      clusters.pop();
      const before = history(first);
      expect(endedIn(first.observer)).toBeLessThan(jobsCount);

      const second = await startFaultCluster(join(folder, "data"), { nodeSettings });
      clusters.push(second);
      await second.observer.until("the end of all jobs", () => endedIn(second.observer) === jobsCount);
      expect(history(second).slice(0, before.length)).toEqual(before);
      const ends = [...second.observer.trace.jobs.values()].map((job) => `${job.end()} ${job.why()}`.trim());
      expect(new Set(ends)).toEqual(new Set(["completed"]));
      await expectAllPromisesHold(second, { acknowledged, stopped: new Set() });
    } finally {
      for (const cluster of clusters) await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
