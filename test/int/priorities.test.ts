import type { StoredCommit } from "@shoal/core";
import { JobSpec, QueueSummary, shardOf, subjects } from "@shoal/proto";
import { expect, it } from "vitest";
import { decodeMessage } from "../../libs/nats/src/message-codec.ts";
import { type NatsHarness, natsHarness } from "../../libs/nats/src/testing/nats-harness.ts";
import { onServer } from "../../libs/nats/src/testing/on-server.ts";
import { testSettings } from "../../services/compute/src/testing/node-harness.ts";
import { namedJobId } from "../../services/requester/src/commands/ids.ts";
import { until } from "./in-process.ts";
import { nodeId, startNode } from "./start-node.ts";
import { type RunningRequester, startRequester } from "./start-requester.ts";

const actor = { type: "client", id: "test" } as const;
const timeoutMs = 180_000;
const capacity = { ...testSettings.capacity, cpuCores: 1 };

/** Two requesters that own half of the shards each, and a node of one core. */
async function twoOwners(harness: NatsHarness, preemption: boolean) {
  const { url } = harness.server();
  const auction = { width: 1, rounds: 1, waitMs: 300, preemption };
  const requesters: RunningRequester[] = [];
  for (const requesterId of ["r-a", "r-b"]) requesters.push(await startRequester({ url, requesterId, auction }));
  const [a, b] = requesters;
  if (a === undefined || b === undefined) return expect.unreachable();
  await until("two owners", async () => requesters.every(({ requester }) => requester.owner.holdings().size === 8));
  const node = await startNode(url, undefined, { capacity, perTask: capacity });
  await until("the node", async () => requesters.every(({ requester }) => isCandidate(requester)));
  return {
    a,
    b,
    async close() {
      await node.close();
      for (const each of requesters) await each.stop();
    },
  };
}

const isCandidate = ({ membership }: RunningRequester["requester"]) => membership.candidate(nodeId) !== undefined;

/** Submits a job of the node's size whose shard this requester owns; resolves with its id. */
async function submitTo({ requester }: RunningRequester, name: string, spec: { priority: number; RunSeconds: number }) {
  const { priority, RunSeconds } = spec;
  const holdings = requester.owner.holdings();
  const owned = Array.from({ length: 1_000 }, (_, index) => `${name}-${index}`).find((each) =>
    holdings.has(shardOf(namedJobId("default", each))),
  );
  const task = { engine: { type: "noop", params: { RunSeconds } }, resources: { cpu: "1", memory: "1Mb" } };
  const job = JobSpec.parse({ type: "batch", name: owned, priority, tasks: [task] });
  return (await requester.commands.submit({ spec: job, actor })).jobId;
}

async function logOf({ nats }: RunningRequester, jobId: string): Promise<readonly StoredCommit[]> {
  return await nats.log.load({ kind: "job", namespace: "default", id: jobId });
}

const has = async (at: RunningRequester, jobId: string, type: string): Promise<boolean> =>
  (await logOf(at, jobId)).some(({ commit }) => commit.events.some((event) => event.type === type));

/** The positions at which slots of the job got nodes. */
async function assignmentsOf(at: RunningRequester, jobId: string): Promise<readonly number[]> {
  return (await logOf(at, jobId))
    .filter(({ commit }) => commit.events.some(({ type }) => type === "ExecutionAssigned"))
    .map(({ seq }) => seq);
}

/** The waiting jobs that the queue summaries of a requester have named. */
async function announcedBy(harness: NatsHarness, requesterId: string): Promise<ReadonlySet<string>> {
  const announced = new Set<string>();
  const { nc } = await harness.session();
  nc.subscribe(subjects.queue(requesterId), {
    callback: (_, message) => {
      for (const { jobId } of QueueSummary.parse(decodeMessage(message.data)).queued) announced.add(jobId);
    },
  });
  return announced;
}

onServer(() => {
  it(
    "a job of high priority is placed before those of low priority of another owner, which have waited for longer",
    async () => {
      const harness = await natsHarness({ topology: false });
      const { a, b, close } = await twoOwners(harness, false);
      try {
        const announced = await announcedBy(harness, "r-b");
        const holder = await submitTo(a, "holder", { priority: 0, RunSeconds: 3_600 });
        await until("the holder", () => has(a, holder, "ExecutionStarted"));
        // Four of each: without the exchange both owners race for the node, and the order is right once in 70 runs.
        const low: string[] = [];
        for (const name of ["low-1", "low-2", "low-3", "low-4"])
          low.push(await submitTo(a, name, { priority: 0, RunSeconds: 0.1 }));
        for (const jobId of low) await until(`${jobId} waits`, () => has(a, jobId, "JobQueued"));
        const high = [];
        for (const name of ["high-1", "high-2", "high-3", "high-4"])
          high.push(await submitTo(b, name, { priority: 5, RunSeconds: 0.1 }));
        const [first = ""] = high;
        await until("the summary of the other owner", async () => announced.has(first));
        await a.requester.commands.stop(holder, { why: "enough", actor });
        for (const jobId of [...high, ...low]) await until(`${jobId} ends`, () => has(a, jobId, "JobCompleted"));
        const order = (await Promise.all([...high, ...low].map((jobId) => assignmentsOf(a, jobId)))).flat();
        expect(order).toHaveLength(high.length + low.length);
        expect(Math.max(...order.slice(0, high.length))).toBeLessThan(Math.min(...order.slice(high.length)));
      } finally {
        await close();
        await harness.close();
      }
    },
    timeoutMs,
  );

  it(
    "a job of high priority ends the execution of another owner's job, which is placed again after it",
    async () => {
      const harness = await natsHarness({ topology: false });
      const { a, b, close } = await twoOwners(harness, true);
      try {
        const low = await submitTo(a, "low", { priority: 40, RunSeconds: 3_600 });
        await until("the victim", () => has(a, low, "ExecutionStarted"));
        const announced = await announcedBy(harness, "r-b");
        const near = await submitTo(b, "near", { priority: 49, RunSeconds: 0.1 });
        // From then on the other owner leaves it the room that comes free.
        await until("the summary of the other owner", async () => announced.has(near));
        const high = await submitTo(b, "high", { priority: 50, RunSeconds: 0.1 });
        for (const jobId of [near, high]) await until(`${jobId} ends`, () => has(a, jobId, "JobCompleted"));
        await until("the second attempt", async () => (await assignmentsOf(a, low)).length === 2);
        const events = (await logOf(a, low)).flatMap(({ commit }) => commit.events);
        const stopping = events.filter(({ type }) => type === "ExecutionsStopping");
        expect(stopping).toMatchObject([{ data: { why: `preempted by job ${high} of priority 50` } }]);
        const order = [low, high, near].map(async (jobId) => await assignmentsOf(a, jobId));
        const [[first = 0, second = 0] = [], [ofHigh = 0] = [], [ofNear = 0] = []] = await Promise.all(order);
        expect([first, ofHigh, ofNear, second]).toEqual([first, ofHigh, ofNear, second].toSorted((x, y) => x - y));
      } finally {
        await close();
        await harness.close();
      }
    },
    timeoutMs,
  );
});
