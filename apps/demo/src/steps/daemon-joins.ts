import type { FeedEvent } from "@shoal/client";
import { check, DemoFailure } from "../demo-failure.ts";
import { countOf, placesOf } from "../job-events.ts";
import { standingSpec } from "../noop-spec.ts";
import type { DemoStep } from "../step.ts";

/** A daemon job runs on every node; a node that joins gets its execution by itself. */
export const daemonJoins: DemoStep = {
  title: "Run a daemon on every node, then start the node that was killed",
  async run({ client, cluster, reporter, signal, watch }) {
    const nodes = (await client.nodes()).filter(({ info }) => info.nodeType === "Compute");
    const away = nodes.find(({ connectionState }) => connectionState.status !== "connected")?.info.nodeId;
    if (away === undefined) throw new DemoFailure("expected one killed node, but every node is connected");
    const { jobId } = await client.submit(standingSpec({ name: "everywhere", type: "daemon" }));
    const started = (count: number) =>
      watch.until(jobId, (events) => countOf(events, "ExecutionStarted") === count, `the daemon on ${count} nodes`);
    await started(nodes.length - 1);
    reporter.print(`the daemon runs on ${nodes.length - 1} nodes: starting ${away} again`);
    await cluster.join(away);
    const events = await started(nodes.length);
    const places = [...placesOf(events).values()];
    check(places.includes(away), `the daemon runs on ${places.join(", ")}, not on ${away}`);
    const delayMs = timeOf(events.at(-1)) - timeOf(watch.of(away).at(-1));
    await client.stop(jobId, "the demo goes on");
    await client.waitForJob(jobId, { signal });
    reporter.figure("node joins → daemon runs on it", `${delayMs} ms`);
    reporter.passed(`the daemon runs on ${away} too, ${delayMs} ms after it had joined`);
  },
};

/** When an event was decided, milliseconds since the epoch. */
const timeOf = (event: FeedEvent | undefined): number => Date.parse(event?.cloudEvent.time ?? "");
