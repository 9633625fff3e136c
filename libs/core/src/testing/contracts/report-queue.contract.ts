import { type Report, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OutgoingReport, ReceivedReport, ReportQueue, ReportSender } from "../../ports/report-queue.ts";
import { record } from "./recorded.ts";

/** A queue under test, empty at first. */
export interface ReportHarness {
  readonly queue: ReportQueue;
  /** The sender of the node of this id. */
  sender(nodeId: string): ReportSender;
  /** Sends something that is not a report, as the node, for an execution of this job. */
  sendGarbage(nodeId: string, jobId: string): Promise<void>;
  /** How many reports were parked because they could not be read. */
  parked(): Promise<number>;
  close?(): Promise<void>;
}

const jobId = "j-contract";
const shard = shardOf(jobId);

const saw = (at: number, ofJob = jobId): OutgoingReport => {
  const report: Report = { at, namespace: "default", number: 1, saw: { kind: "running", startedAt: at } };
  return { jobId: ofJob, executionId: `e-${at}`, report };
};

/** A job of another shard. */
function jobOfOtherShard(): string {
  for (let serial = 0; ; serial++) if (shardOf(`j-elsewhere-${serial}`) !== shard) return `j-elsewhere-${serial}`;
}

const timesOf = (reports: readonly ReceivedReport[]) => reports.map(({ report }) => report.at);

/** The contract of every report queue, in memory or on a server. */
export function reportQueueContract(name: string, make: () => Promise<ReportHarness>): void {
  describe(`${name}, as a report queue`, () => {
    let harness: ReportHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });

    it("delivers earlier and later reports, in order, with their nodes", async () => {
      const sender = harness.sender("n-one");
      for (const at of [1, 2, 3]) await sender.send(saw(at));
      const recorded = record<ReceivedReport>();
      const following = await harness.queue.follow(shard, 0, recorded.push);
      await recorded.atLeast(3);
      await sender.send(saw(4));
      const all = await recorded.atLeast(4);
      expect(timesOf(all)).toEqual([1, 2, 3, 4]);
      expect(all[0]).toMatchObject({ nodeId: "n-one", ...saw(1) });
      expect(all.map(({ seq }) => seq)).toEqual(all.map(({ seq }) => seq).toSorted((a, b) => a - b));
      await following.close();
    });
    it("begins after a position", async () => {
      const sender = harness.sender("n-one");
      for (const at of [1, 2, 3]) await sender.send(saw(at));
      const first = record<ReceivedReport>();
      const whole = await harness.queue.follow(shard, 0, first.push);
      const second = (await first.atLeast(3))[1];
      const recorded = record<ReceivedReport>();
      const rest = await harness.queue.follow(shard, second?.seq ?? 0, recorded.push);
      expect(timesOf(await recorded.atLeast(1))).toEqual([3]);
      await Promise.all([whole.close(), rest.close()]);
    });
    it("separates nodes", async () => {
      const recorded = record<ReceivedReport>();
      const following = await harness.queue.follow(shard, 0, recorded.push);
      await Promise.all([harness.sender("n-one").send(saw(1)), harness.sender("n-two").send(saw(2))]);
      const delivered = (await recorded.atLeast(2)).map(({ nodeId, report }) => `${nodeId} ${report.at}`);
      expect(delivered.toSorted()).toEqual(["n-one 1", "n-two 2"]);
      await following.close();
    });
    it("delivers only reports on jobs of the shard", async () => {
      const recorded = record<ReceivedReport>();
      const following = await harness.queue.follow(shard, 0, recorded.push);
      await harness.sender("n-one").send(saw(1, jobOfOtherShard()));
      await harness.sender("n-one").send(saw(2));
      expect(timesOf(await recorded.atLeast(1))).toEqual([2]);
      await following.close();
    });
    it("parks unreadable reports, and continues", async () => {
      const recorded = record<ReceivedReport>();
      const following = await harness.queue.follow(shard, 0, recorded.push);
      await harness.sendGarbage("n-one", jobId);
      await harness.sender("n-one").send(saw(1));
      expect(timesOf(await recorded.atLeast(1))).toEqual([1]);
      expect(await harness.parked()).toBe(1);
      await following.close();
    });
    it("parks a report that cannot be decided", async () => {
      const collected = record<ReceivedReport>();
      const following = await harness.queue.follow(shard, 0, collected.push);
      await harness.sender("n-one").send(saw(1));
      const [report] = await collected.atLeast(1);
      if (report === undefined) throw new Error("no report came");
      await harness.queue.park(report, "LOG_UNSUITABLE: refused");
      expect(await harness.parked()).toBe(1);
      await following.close();
    });
    it("delivers nothing while the reader is full, and then continues", async () => {
      const recorded = record<ReceivedReport>();
      const held = Promise.withResolvers<void>();
      let isHeld = true;
      const room = () => (isHeld ? held.promise : undefined);
      const following = await harness.queue.follow(shard, 0, recorded.push, { room });
      for (const at of [1, 2, 3]) await harness.sender("n-one").send(saw(at));
      expect(timesOf(await recorded.atLeast(1))).toEqual([1]);
      // Another reader has received them all.
      const other = record<ReceivedReport>();
      const whole = await harness.queue.follow(shard, 0, other.push);
      await other.atLeast(3);
      expect(timesOf(recorded.all)).toEqual([1]);
      isHeld = false;
      held.resolve();
      expect(timesOf(await recorded.atLeast(3))).toEqual([1, 2, 3]);
      await Promise.all([following.close(), whole.close()]);
    });
    it("delivers nothing once closed", async () => {
      const [closed, open] = [record<ReceivedReport>(), record<ReceivedReport>()];
      const following = await harness.queue.follow(shard, 0, closed.push);
      const other = await harness.queue.follow(shard, 0, open.push);
      await following.close();
      await harness.sender("n-one").send(saw(1));
      await open.atLeast(1);
      expect(closed.all).toEqual([]);
      await other.close();
    });
  });
}
