import type { QueueSummary } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { QueueSummaries } from "../../ports/queue-summaries.ts";
import { requirementsOf } from "../../schedule/requirements.ts";
import { sampleSpec } from "../samples.ts";
import { record } from "./recorded.ts";

/** A cluster of requesters that have sent nothing yet. */
export interface SummariesHarness {
  /** The port of one more requester. */
  requester(): Promise<QueueSummaries>;
  close?(): Promise<void>;
}

const requirements = requirementsOf(sampleSpec());

function summaryOf(requesterId: string, slots = 1): QueueSummary {
  if (requirements === undefined) throw new Error("a sample has a task");
  return {
    requesterId,
    queued: [{ jobId: "j-1", priority: -3, slots, requirements }],
    uses: { default: { cpuCores: 0.5, memoryBytes: 2 ** 40, gpus: 0, jobs: 1 } },
    held: { blue: { jobId: "j-2", priority: 1, since: 1_000, use: { cpuCores: 2, memoryBytes: 0, gpus: 0, jobs: 1 } } },
  };
}

/** The contract of all summaries of queues, in memory or on a server. */
export function queueSummariesContract(name: string, make: () => Promise<SummariesHarness>): void {
  describe(`${name}, as queue summaries`, () => {
    let harness: SummariesHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });

    it("delivers each summary unchanged to every requester, the sender included, until closed", async () => {
      const [one, other] = [await harness.requester(), await harness.requester()];
      const [atOne, atOther] = [record<QueueSummary>(), record<QueueSummary>()];
      await one.follow(atOne.push);
      const following = await other.follow(atOther.push);
      one.publish(summaryOf("r-one", 7));
      expect(await atOne.atLeast(1)).toEqual([summaryOf("r-one", 7)]);
      expect(await atOther.atLeast(1)).toEqual([summaryOf("r-one", 7)]);
      await following.close();
      other.publish(summaryOf("r-two"));
      expect(await atOne.atLeast(2)).toEqual([summaryOf("r-one", 7), summaryOf("r-two")]);
      expect(atOther.all).toHaveLength(1);
    });
  });
}
