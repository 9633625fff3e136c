import { type Job, type JobEvent, jobKind, type Kind, type Moment, registry } from "@shoal/core";
import { sampleResources } from "@shoal/core/testing";
import { executionIdOf, type StoredEvent } from "@shoal/proto";
import { expect, it } from "vitest";
import {
  JobNoted,
  jobIds,
  jobRef,
  type OwnedShard,
  reported,
  type ShardHarness,
  shardHarness,
  submitted,
} from "../../testing/shard-harness.ts";

const [id = ""] = jobIds(1);
const nodeId = "n-one";
const executionId = executionIdOf({ jobId: id, version: 1, slot: "0", attempt: 1 });
const output = { stdout: "", stdoutTruncated: false, stderr: "", stderrTruncated: false, exitCode: 0, errorMsg: "" };
const completed = reported({ kind: "completed", startedAt: 1, output });

/** A later version to which `JobNoted` changes nothing. */
const noting = registry<Kind>("kind", [
  {
    ...jobKind,
    events: [...jobKind.events, JobNoted],
    evolve: (job: Job | undefined, event: StoredEvent, moment: Moment) =>
      event.type === "JobNoted" ? job : jobKind.evolve(job, event as JobEvent, moment),
  },
]);

/** A job with one execution on the node. */
async function withExecution(): Promise<ShardHarness> {
  const harness = shardHarness();
  await harness.give(id, submitted(id));
  const place = { slot: "0", nodeId, askId: "a", resources: sampleResources };
  await harness.give(id, { name: "Place", places: [place], answers: [] });
  return harness;
}

async function sendReport({ sim, until }: ShardHarness, namespace = "default"): Promise<void> {
  const { reports } = sim.node(nodeId);
  await until(reports.send({ jobId: id, executionId, report: { ...completed, namespace } }));
  await sim.clock.advance(4_000);
}

const counted = ({ log }: OwnedShard) => ({ ...log });

it.each(["other", "*", ">", "a.b", ""])(
  "a report that names the namespace '%s' is refused, without a loop",
  async (namespace) => {
    const harness = await withExecution();
    const owned = await harness.open("a");
    await harness.sim.clock.advance(2_000);
    const before = counted(owned);
    const entries = harness.sim.log.entries.length;
    await sendReport(harness, namespace);
    await harness.sim.clock.advance(60_000);
    const { appends, loads } = counted(owned);
    expect([appends - before.appends, harness.sim.log.entries.length - entries]).toEqual([0, 0]);
    expect(loads - before.loads).toBeLessThanOrEqual(1);
    expect(harness.sim.positions.load("open", 3)?.reportsSeq).toBe(1);
    expect(harness.sim.reports.parked).toEqual([]);
    await sendReport(harness);
    expect(
      harness.sim.log
        .load(jobRef(id), 0)
        .at(-1)
        ?.commit.events.map(({ type }) => type),
    ).toContain("ExecutionCompleted");
  },
);

it("reports of a job that cannot be read are refused, and decided by a requester that can read it", async () => {
  const harness = await withExecution();
  const { sim, until } = harness;
  harness.note(id);
  const messages = sim.log.messages.length;
  const old = await harness.open("old");
  await sim.clock.advance(2_000);
  await sendReport(harness);
  expect([sim.log.messages.length, sim.positions.load("open", 3)?.reportsSeq]).toEqual([messages, 1]);
  expect(sim.reports.parked).toEqual([]);
  await until(old.shard.close());
  await harness.open("new", { kinds: noting });
  await sim.clock.advance(2_000);
  // As a node does while its assignment is in place.
  await sendReport(harness);
  expect(sim.log.messages.length).toBeGreaterThan(messages);
  expect(sim.log.entries.at(-1)?.commit.actor).toMatchObject({ type: "node", id: nodeId });
});

it("a report counts once it is decided: the next owner decides one whose commit was never stored", async () => {
  const harness = await withExecution();
  const { sim, until } = harness;
  const position = () => sim.positions.load("open", 3)?.reportsSeq;
  const append = () => new Promise<never>(() => undefined);
  const old = await harness.open("old", { change: ({ log }) => ({ log: { ...log, append } }) });
  await sim.clock.advance(2_000);
  // Longer than the positions wait to be saved.
  await sendReport(harness);
  expect(position()).toBe(0);
  await until(old.shard.close());
  expect(position()).toBe(0);
  await harness.open("new");
  await sim.clock.advance(4_000);
  expect(sim.log.entries.at(-1)?.commit.events.map(({ type }) => type)).toContain("ExecutionCompleted");
  expect(position()).toBe(1);
});

it("the position reaches a report that is refused late, also when nothing follows it", async () => {
  const harness = await withExecution();
  const { sim } = harness;
  const position = () => sim.positions.load("open", 3)?.reportsSeq;
  const answering = Promise.withResolvers<void>();
  await harness.open("a", {
    change: ({ log }) => ({
      log: {
        ...log,
        load: (ref, afterSeq) =>
          (ref.namespace === "other" ? answering.promise : Promise.resolve()).then(() => log.load(ref, afterSeq)),
      },
    }),
  });
  await sim.clock.advance(2_000);
  await sendReport(harness, "other");
  // Longer than the positions wait to be saved.
  await sim.clock.advance(4_000);
  expect(position()).toBe(0);
  answering.resolve();
  await sim.clock.advance(4_000);
  expect(position()).toBe(1);
});
