import { expect, it } from "vitest";
import { natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { markerMs } from "../../libs/nats/src/topology/topology-data.ts";
import { allCompleted, jobOf, patienceMs, startInProcess, until } from "./in-process.ts";

const jobs = 20;
const runSeconds = 2;
// Longer than a lease, the default limit of a node's silence, and the longest pause between reports.
const awayMs = 12_000;

onServer(() => {
  it(
    "delivers every end during an outage of the server, and runs no execution twice",
    async () => {
      const harness = await natsHarness({ topology: false });
      const here = await startInProcess(harness, { markerMs });
      try {
        const submitted = await Promise.all(
          Array.from({ length: jobs }, () =>
            here.requester.commands.submit({ spec: jobOf(runSeconds), actor: { type: "client", id: "test" } }),
          ),
        );
        await until("all jobs at work", async () => here.starts.size === jobs);
        await harness.crash(async () => {
          await until("the end of all work", async () => here.ended.size === jobs);
          // The length of the outage.
          await new Promise((resolve) => setTimeout(resolve, awayMs - runSeconds * 1_000));
        });
        const ids = submitted.map(({ jobId }) => jobId);
        await until("the end of all jobs", () => allCompleted(here, ids));
        expect([...here.starts.values()]).toEqual(Array.from({ length: jobs }, () => 1));
        expect(here.lines.filter((line) => line.startsWith("damage") || line.startsWith("parked"))).toEqual([]);
      } finally {
        await here.close();
        await harness.close();
      }
    },
    4 * patienceMs,
  );
});
