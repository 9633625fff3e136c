import {
  type Answer,
  ExecutionAssigned,
  ExecutionFailed,
  ExecutionStarted,
  executionIdOf,
  JobFailed,
  JobQueued,
  JobSpec,
  JobStarted,
  JobSubmitted,
  NodeDisconnected,
  NodeDrainStarted,
  type NodeEntity,
  type NodeEvent,
  type NodeInfo,
  NodeJoined,
  NodeRejected,
  SlotsQueued,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { foldJob } from "../fold.ts";
import type { JobEvent } from "../job/evolve.ts";
import { nodeEntity } from "../node/entity.ts";
import type { StoredCommit } from "../ports/event-log.ts";
import { givenNode } from "../testing/given.ts";
import { sampleAt, sampleInfo, sampleJobId, sampleResources } from "../testing/samples.ts";
import { explainJob } from "./explain-job.ts";

const at = sampleAt;
const executionId = (slot: string, attempt = 1) => executionIdOf({ jobId: sampleJobId, version: 1, slot, attempt });
const assigned = (slot: string, nodeId: string, over: Partial<ReturnType<typeof assignedData>> = {}) =>
  ExecutionAssigned.of({ ...assignedData(slot, nodeId), ...over });
const assignedData = (slot: string, nodeId: string) => ({
  ...{ executionId: executionId(slot), slot, attempt: 1, version: 1, nodeId, askId: "a", startBy: at + 60_000 },
  resources: sampleResources,
  answers: [] as Answer[],
  isPinned: false,
});

function submitted(over: object = {}, task: object = {}) {
  const spec = JobSpec.parse({ type: "batch", ...over, tasks: [{ engine: { type: "noop" }, ...task }] });
  return JobSubmitted.of({ jobId: sampleJobId, spec, version: 1 });
}

/** A node after some events beside its first heartbeat, as the list of nodes has it. */
function nodeOf(nodeId: string, changes: Partial<NodeInfo> = {}, ...events: readonly NodeEvent[]): NodeEntity {
  const joined = NodeJoined.of({ info: { ...sampleInfo(nodeId), ...changes }, startedAt: at });
  return nodeEntity(givenNode(joined, ...events).state ?? expect.unreachable());
}

/** The explanation of a job with these commits. */
function explained(commits: readonly (readonly JobEvent[])[], nodes: readonly NodeEntity[] = [], now = at) {
  const stored = commits.map(
    (events, index): StoredCommit => ({
      aggregate: { kind: "job", namespace: "default", id: sampleJobId },
      seq: index + 1,
      hash: `${index}`,
      commit: {
        ...{ v: 1, id: `c-${index}`, at, by: "r", epoch: 0, prev: "", events },
        ...{ actor: { type: "requester", id: "r" }, cause: { command: "test" } },
      },
    }),
  );
  const job = foldJob(stored) ?? expect.unreachable();
  return explainJob({ job, stored, nodes, now });
}
const waitOf = (...given: Parameters<typeof explained>) => explained(...given).waiting ?? expect.unreachable();

describe("why a slot is on its node", () => {
  const answers: Answer[] = [
    { nodeId: "n-one", accepted: true, score: 80 },
    { nodeId: "n-two", accepted: true, score: 70 },
    { nodeId: "n-three", accepted: false, why: "engine: does not support engine noop" },
    { nodeId: "n-four", accepted: false, why: "engine: does not support engine noop" },
    { nodeId: "n-five", accepted: false, why: "asked, but had not answered before the decision" },
  ];
  const commits = [
    [submitted({ count: 2 })],
    [assigned("0", "n-one", { answers }), assigned("1", "n-two"), JobStarted.of({})],
  ];

  it("has its rank, the other bids, and the refusals by reason", () => {
    const [first, second] = explained(commits).slots;
    expect(first).toMatchObject({
      ...{ slot: "0", state: "assigned", nodeId: "n-one", attempt: 1, rank: 1 },
      why: "n-one made the best of 2 bids",
      competitors: [{ nodeId: "n-two", score: 70 }],
    });
    expect(first?.refusals).toEqual([
      { name: "engine", why: "does not support engine noop", nodes: 2, examples: ["n-three", "n-four"] },
      { name: "silent", why: "asked, but had not answered before the decision", nodes: 1, examples: ["n-five"] },
    ]);
    // The answers are stored once for the commit.
    expect(second).toMatchObject({ nodeId: "n-two", rank: 2, why: expect.stringMatching(/^n-two made bid 2 of 2/) });
  });
  it("is its node for a pinned slot, and the only bid if there was one", () => {
    const daemon = explained([[submitted({ type: "daemon" })], [assigned("n-one", "n-one", { isPinned: true })]]);
    expect(daemon.slots).toMatchObject([{ slot: "n-one", why: "the slot belongs to n-one" }]);
    const only = explained([[submitted()], [assigned("0", "n-one", { answers: answers.slice(0, 1) })]]);
    expect(only.slots[0]?.why).toBe("n-one made the only bid");
  });
  it("is bounded, and waiting slots come first", () => {
    const many = explained([[submitted({ count: 60 })], [assigned("0", "n-one"), JobStarted.of({})]]);
    expect([many.slots.length, many.moreSlots, many.slots[0]?.slot, many.waiting?.slots]).toEqual([50, 10, "1", 59]);
  });
});

describe("why a job waits", () => {
  it("is the last record of the log, with the refusals of that time by name", () => {
    const answers = [
      { nodeId: "n-one", accepted: false, why: "capacity: needs 8 cpuCores, 4 are free" },
      { nodeId: "n-two", accepted: false, why: "its room is left to j-1, which has a higher priority" },
    ];
    const note = "not enough nodes to run job. requested: 1, available: 2, suitable: 0.\n• 1 of 2 nodes: …";
    const wait = waitOf([[submitted()], [JobQueued.of({ why: note, answers })]]);
    expect(wait.reasons).toEqual([{ name: "nodes", why: note.split("\n")[0] }]);
    expect(wait.refusals.map(({ name, why }) => `${name}: ${why}`)).toEqual([
      "capacity: needs 8 cpuCores, 4 are free",
      "priority: its room is left to j-1, which has a higher priority",
    ]);
  });
  it.each([
    ["waiting for room; other jobs waiting for the same nodes: 3", "queue"],
    ["namespace blue has used its quota", "quota"],
    ["something new", "other"],
  ])("by the record %j is named %s", (why, name) => {
    const commits = [
      [submitted({ count: 2 })],
      [assigned("0", "n-one"), JobStarted.of({})],
      [SlotsQueued.of({ slots: ["1"], why, answers: [] })],
    ];
    expect(waitOf(commits).reasons).toEqual([{ name, why }]);
  });
  it("is unknown before the first record, and a pause after a failure", () => {
    expect(waitOf([[submitted()]]).reasons).toMatchObject([{ name: "new" }]);
    const failed = ExecutionFailed.of({
      executionId: executionId("0"),
      code: "ENGINE_FAILED",
      why: "bad",
      retryAt: at + 5_000,
    });
    const commits = [[submitted()], [assigned("0", "n-one"), JobStarted.of({})], [failed]];
    const wait = waitOf(commits, [nodeOf("n-one")]);
    expect(wait.reasons).toEqual([
      {
        name: "pause",
        why: `a slot is placed again after a pause, the first at ${new Date(at + 5_000).toISOString()}`,
      },
    ]);
    expect(wait.unblock).toEqual([]);
    expect(explained(commits).slots[0]).toMatchObject({
      ...{ state: "waiting", nodeId: "n-one" },
      why: "attempt 1 on n-one ended as failed: bad",
    });
  });
});

const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: at, forgetAt: at + 9 });
const drains = NodeDrainStarted.of({ mode: "finish", until: at, why: "" });
const room = (cpuCores: number, gigabytes = 8) => ({
  cpuCores,
  memoryBytes: gigabytes * 1e9,
  diskBytes: 1e12,
  gpus: 0,
});
const big = { resources: { cpu: "3", memory: "1GB" } };

/** What keeps a node from running a slot, and what would help, by the name of the obstacle. */
const obstacles: Readonly<
  Record<
    string,
    { readonly over?: object; readonly task?: object; readonly nodes: readonly NodeEntity[]; readonly help: string }
  >
> = {
  capacity: {
    task: big,
    nodes: [nodeOf("n-one", { available: room(2) }), nodeOf("n-two", { available: room(1) })],
    help: "a node with 3 CPU cores free; the most that one has free is 2 CPU cores",
  },
  size: {
    task: { resources: { cpu: "64" } },
    nodes: [nodeOf("n-one")],
    help: "a node that runs tasks of 64 CPU cores; the largest of these allows 4 CPU cores",
  },
  labels: {
    over: { constraints: [{ key: "zone", operator: "in", values: ["eu"] }] },
    nodes: [nodeOf("n-one")],
    help: 'a node whose labels meet zone in "eu"; n-one does not',
  },
  engine: {
    task: { engine: { type: "docker" } },
    nodes: [nodeOf("n-one"), nodeOf("n-two", { engines: ["wasm"] })],
    help: "a node with the engine docker; these have noop, wasm",
  },
  publisher: {
    task: { publisher: { type: "s3" } },
    nodes: [nodeOf("n-one")],
    help: "a node with the publisher s3; these have local",
  },
  sources: {
    task: { inputSources: [{ source: { type: "ipfs" }, target: "/in" }] },
    nodes: [nodeOf("n-one")],
    help: "a node with the sources ipfs; these have inline",
  },
  disconnected: { nodes: [nodeOf("n-one", {}, gone)], help: "the return of n-one: disconnected now" },
  draining: {
    nodes: [nodeOf("n-one", {}, drains)],
    help: "the end of the drain of n-one: shoal node undrain n-one",
  },
  rejected: {
    nodes: [nodeOf("n-one", {}, NodeRejected.of({ why: "" }))],
    help: "the approval of n-one, which an operator rejected",
  },
};

describe("what would let a job start", () => {
  it.each(Object.keys(obstacles))("follows from the present nodes: %s", (name) => {
    const { over, task, nodes, help } = obstacles[name] ?? expect.unreachable();
    const wait = waitOf([[submitted(over, task)]], nodes);
    expect(wait.present).toMatchObject([{ name, nodes: nodes.length }]);
    expect(wait.unblock).toEqual([help]);
  });
  it("is an approval while a node waits for it", () => {
    const pending = { ...nodeOf("n-one"), membership: "PENDING" } as const;
    expect(waitOf([[submitted()]], [pending]).unblock).toEqual(["the approval of n-one: shoal node approve n-one"]);
  });
  it("names what no single node has all of", () => {
    const nodes = [nodeOf("n-one", { available: room(4, 0.5) }), nodeOf("n-two", { available: room(1, 8) })];
    expect(waitOf([[submitted({}, big)]], nodes).unblock).toEqual([
      "one node with 3 CPU cores and 1000 MB of memory free at the same time; no node has all of it",
    ]);
  });
  it("is ordered by effort, and groups nodes", () => {
    const nodes = [
      nodeOf("n-one", { engines: ["wasm"] }),
      nodeOf("n-two", {}, drains),
      nodeOf("n-three", {}, drains),
      nodeOf("n-four", { available: room(0) }),
    ];
    const wait = waitOf([[submitted()]], nodes);
    expect(wait.present.map(({ name, nodes: count }) => `${count} ${name}`)).toEqual([
      "2 draining",
      "1 capacity",
      "1 engine",
    ]);
    expect(wait.unblock.map((each) => each.split(";")[0])).toEqual([
      "a node with 0.5 CPU cores free",
      "the end of the drain of 2 nodes: shoal node undrain n-two",
      "a node with the engine noop",
    ]);
  });
  it("is not the end of a drain where the node does not fit anyway", () => {
    const nodes = [nodeOf("n-one", { engines: ["wasm"] }, drains), nodeOf("n-two", { engines: ["docker"] }, gone)];
    expect(waitOf([[submitted()]], nodes).unblock).toEqual(["a node with the engine noop; these have docker, wasm"]);
  });
  it("is nothing when a node can run it, and a node when there is none", () => {
    expect(waitOf([[submitted()]], [nodeOf("n-one")]).unblock).toEqual([
      "nothing: n-one can run it now, and is asked within half a minute",
    ]);
    expect(waitOf([[submitted()]]).unblock).toEqual(["a compute node: the cluster has none"]);
  });
});

describe("why a job failed", () => {
  it("is the first failure of its task, with a hint", () => {
    const failed = (attempt: number, end: { code: string; why: string; retryAt?: number }) =>
      ExecutionFailed.of({ executionId: executionId("0", attempt), ...end });
    const second = { executionId: executionId("0", 2), attempt: 2, previous: executionId("0") };
    const { cause, why, waiting } = explained([
      [submitted()],
      [assigned("0", "n-one"), JobStarted.of({})],
      [ExecutionStarted.of({ executionId: executionId("0"), startedAt: at })],
      [failed(1, { code: "OUT_OF_MEMORY", why: "it used 2 GB", retryAt: at })],
      [assigned("0", "n-two", second)],
      [
        failed(2, { code: "ENGINE_FAILED", why: "no such image" }),
        JobFailed.of({ code: "OUT_OF_MEMORY", why: "too many times" }),
      ],
    ]);
    expect(cause).toEqual({
      ...{ code: "OUT_OF_MEMORY", why: "it used 2 GB", executionId: executionId("0"), nodeId: "n-one" },
      hint: "request more memory in the task's resources",
    });
    expect([why, waiting]).toEqual(["too many times", undefined]);
  });
  it("is the job's own reason when no task has failed", () => {
    const { cause, slots } = explained([[submitted()], [JobFailed.of({ code: "NO_NODE_FITS", why: "no node" })]]);
    expect(slots.map(({ state }) => state)).toEqual(["unplaced"]);
    expect(cause).toMatchObject({ code: "NO_NODE_FITS", why: "no node", hint: expect.stringMatching(/relax/) });
    expect(cause).not.toHaveProperty("executionId");
  });
});
