import { sampleSpec } from "@shoal/core/testing";
import { type Ask, addResources, type Release } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { nodesOf, schedulerHarness, type TestNode } from "../../testing/scheduler-harness.ts";

const cores = (cpu: number) => sampleSpec({ resources: { cpu: String(cpu), memory: "1Mb" } });
const lookSeconds = 31;

/** Nodes of 4 cores with this number in use, and the asks and releases of reservations. */
function setUp(
  used: readonly number[],
  {
    reserves = () => true,
    reserveAfterMs = 30_000,
  }: { readonly reserves?: (node: TestNode, ask: Ask) => boolean; readonly reserveAfterMs?: number } = {},
) {
  const nodes = nodesOf(used.length).map((info, index) => ({
    ...info,
    available: addResources(info.available, { cpuCores: used[index] ?? 0, memoryBytes: 0, diskBytes: 0, gpus: 0 }, -1),
  }));
  const released: (Release & { readonly nodeId: string })[] = [];
  const asked: { readonly nodeId: string; readonly jobId: string; readonly askId: string }[] = [];
  const harness = schedulerHarness({
    ...{ nodes, auction: { width: 3, rounds: 8, waitMs: 300, reserveAfterMs } },
    onRelease: (nodeId, release) => void released.push({ nodeId, ...release }),
  });
  for (const node of harness.nodes.values()) {
    const answer = node.answer.bind(node);
    node.answer = (ask) => {
      const bid = answer(ask);
      if (ask.reserveSince === undefined) return bid;
      asked.push({ nodeId: node.info.nodeId, jobId: ask.jobId, askId: ask.askId });
      return bid.accepted || !reserves(node, ask) ? bid : { ...bid, reserved: true };
    };
  }
  return { ...harness, asked, released };
}

describe("a job that waits for room", () => {
  it("reserves on the node with the most room, not before the limit, and renews it at each pass", async () => {
    const { submit, clock, beatFor, asked } = setUp([3, 1, 2]);
    const job = submit(cores(4));
    await clock.settle();
    await beatFor(29);
    expect(asked).toEqual([]);
    await beatFor(2);
    expect(asked).toMatchObject([{ nodeId: "n-1", jobId: job.ref.id }]);
    await beatFor(60);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(["n-1", "n-1", "n-1"]);
  });

  it("has waited for the whole limit", async () => {
    const { submit, beatFor, asked } = setUp([3], { reserveAfterMs: 45_000 });
    submit(cores(4));
    await beatFor(59);
    expect(asked).toEqual([]);
    await beatFor(2);
    expect(asked).toHaveLength(1);
  });

  it("stays with its node when another one has more room later", async () => {
    const { submit, beatFor, asked, nodes } = setUp([3, 2]);
    submit(cores(4));
    await beatFor(lookSeconds);
    nodes.get("n-0")?.change({ cpuCores: 2, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    await beatFor(lookSeconds);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(["n-1", "n-1"]);
  });

  it("is one of each scheduling class, the first in order", async () => {
    const { submit, clock, beatFor, asked } = setUp([3, 3]);
    const [first] = [submit(cores(4)), submit(cores(4)), submit(cores(4))];
    const other = submit(cores(2));
    await clock.settle();
    await beatFor(lookSeconds);
    expect(new Set(asked.map(({ jobId }) => jobId))).toEqual(new Set([first?.ref.id, other.ref.id]));
  });

  it("releases the reservation when it is placed on another node, or removed", async () => {
    for (const end of ["placed", "removed"] as const) {
      const { submit, clock, beatFor, asked, released, nodes, beat, scheduler } = setUp([1, 2]);
      const job = submit(cores(4));
      await clock.settle();
      await beatFor(lookSeconds);
      expect(released).toEqual([]);
      if (end === "removed") scheduler.remove(job);
      else nodes.get("n-1")?.change({ cpuCores: 2, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
      beat();
      await clock.settle();
      expect(job.nodeIds()).toEqual(end === "removed" ? [] : ["n-1"]);
      const [last] = asked;
      expect(released).toEqual([{ nodeId: "n-0", askId: last?.askId, slots: 1 }]);
    }
  });

  it("moves to another node when the first one reserves for another job, and back when all do", async () => {
    const { submit, clock, beatFor, asked } = setUp([1, 2], { reserves: ({ info }) => info.nodeId === "n-1" });
    submit(cores(4));
    await clock.settle();
    await beatFor(95);
    expect(asked.map(({ nodeId }) => nodeId)).toEqual(["n-0", "n-1", "n-1"]);
    const { asked: all, ...others } = setUp([1, 2, 3], { reserves: () => false });
    others.submit(cores(4));
    await others.beatFor(5 * lookSeconds);
    expect(all.map(({ nodeId }) => nodeId)).toEqual(["n-0", "n-1", "n-2", "n-0", "n-1"]);
  });

  it("asks a node again that has not answered, and releases what it may have reserved", async () => {
    const { submit, clock, beatFor, asked, released, nodes } = setUp([1]);
    submit(cores(4));
    await clock.settle();
    await beatFor(20);
    const node = nodes.get("n-0") ?? expect.unreachable();
    node.isSilent = true;
    await beatFor(20);
    expect([asked.length, released.map(({ nodeId }) => nodeId)]).toEqual([0, ["n-0"]]);
    node.isSilent = false;
    await beatFor(25);
    expect(asked).toHaveLength(1);
  });

  it("is placed before other jobs of its requester when the room is free, and they do not ask for it", async () => {
    const four = (ask: Ask) => ask.requirements.resources.cpuCores === 4;
    const { submit, beatFor, clock, nodes, beat } = setUp([3], { reserves: (_, ask) => four(ask) });
    const small = submit(cores(2));
    await clock.advance(1);
    const job = submit(cores(4));
    await beatFor(lookSeconds);
    const node = nodes.get("n-0") ?? expect.unreachable();
    const asksBefore = node.asks;
    node.change({ cpuCores: 3, memoryBytes: 0, diskBytes: 0, gpus: 0 }, 1);
    beat();
    await clock.settle();
    expect([small.summary(), job.summary(), node.asks - asksBefore]).toEqual(["queued", "running", 1]);
  });
});
