import { type Ask, type AskBatch, type BidBatch, type ConfirmRequest, type Heartbeat, JobSpec } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BidClient, BidServer } from "../../ports/bidding.ts";
import { requirementsOf } from "../../schedule/requirements.ts";
import { record } from "./recorded.ts";

/** Bidding without any participant. */
export interface BiddingHarness {
  readonly bidClient: BidClient;
  /** The BidServer of the node of this id. */
  bidServer(nodeId: string): BidServer;
  close?(): Promise<void>;
}

const resources = { cpuCores: 1, memoryBytes: 1, diskBytes: 0, gpus: 0 };

const requirements = requirementsOf(JobSpec.parse({ type: "batch", tasks: [{ engine: { type: "noop" } }] }));

function ask(askId: string): Ask {
  if (requirements === undefined) throw new Error("a job has a task");
  const job = { jobId: "j-1", namespace: "default", jobType: "batch", priority: 0 };
  return { askId, ...job, requirements, slots: 1 };
}

/** The largest possible ask. */
function largeAsk(askId: string): Ask {
  const constraints = Array.from({ length: 32 }, (_, index) => ({
    key: `key-${index}`,
    operator: "=" as const,
    values: ["x".repeat(200)],
  }));
  const small = ask(askId);
  return { ...small, requirements: { ...small.requirements, constraints } };
}

const accepts =
  (nodeId: string) =>
  async ({ asks }: AskBatch): Promise<BidBatch> => ({
    bids: asks.map(({ askId }) => ({ askId, nodeId, accepted: true, score: 5, slots: 1, holdUntil: 99 })),
  });

function heartbeat(nodeId: string): Heartbeat {
  const parts = { engines: ["noop"], publishers: [], sources: [] };
  const info = { nodeId, labels: {}, ...parts, capacity: resources, available: resources, perTask: resources };
  return { info: { ...info, running: 0, version: "v0.1.0", address: "" }, startedAt: 1, at: 2, protocol: 1 };
}

// Long for an immediate answer, short for a test that waits for its end.
const waitMs = 500;

/** The contract of every bidding implementation, in memory or on a server. */
export function biddingContract(name: string, make: () => Promise<BiddingHarness>): void {
  describe(`${name}, as bidding`, () => {
    let harness: BiddingHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });

    it("delivers an ask to its node and returns the bid", async () => {
      const asked = record<AskBatch>();
      await harness.bidServer("n-one").onAsk(async (batch) => {
        asked.push(batch);
        return accepts("n-one")(batch);
      });
      const bid = await harness.bidClient.ask("n-one", ask("a-1"), waitMs);
      expect(bid).toEqual({ askId: "a-1", nodeId: "n-one", accepted: true, score: 5, slots: 1, holdUntil: 99 });
      expect(asked.all[0]?.asks).toEqual([ask("a-1")]);
    });
    it("joins asks of one tick to one node", async () => {
      const asked = record<AskBatch>();
      await harness.bidServer("n-one").onAsk(async (batch) => {
        asked.push(batch);
        return accepts("n-one")(batch);
      });
      const bids = await Promise.all(
        ["a-1", "a-2", "a-3"].map((id) => harness.bidClient.ask("n-one", ask(id), waitMs)),
      );
      expect(bids.map((bid) => bid?.askId)).toEqual(["a-1", "a-2", "a-3"]);
      expect(asked.all).toHaveLength(1);
    });
    it("delivers any number of asks of one tick to one node, of any total size", async () => {
      await harness.bidServer("n-one").onAsk(async ({ asks }) => ({
        bids: asks.map(({ askId }) => ({
          askId,
          nodeId: "n-one",
          accepted: false,
          slots: 0,
          busy: true,
          why: "\u{20ac}".repeat(1_024),
        })),
      }));
      // First 2 MB of asks, then 1.2 MB of answers to small ones; one message of a server holds 1 MB.
      for (const make of [largeAsk, ask]) {
        const ids = Array.from({ length: 400 }, (_, index) => `${make.name}-${index}`);
        const bids = await Promise.all(ids.map((id) => harness.bidClient.ask("n-one", make(id), 10_000)));
        expect(bids.map((bid) => bid?.askId)).toEqual(ids);
      }
    });
    it("asks only the addressed node", async () => {
      await harness.bidServer("n-one").onAsk(accepts("n-one"));
      await harness.bidServer("n-two").onAsk(accepts("n-two"));
      expect(await harness.bidClient.ask("n-two", ask("a-1"), waitMs)).toMatchObject({ nodeId: "n-two" });
    });
    it("asks many nodes under one id, and receives the bid of each", async () => {
      for (const nodeId of ["n-one", "n-two"]) await harness.bidServer(nodeId).onAsk(accepts(nodeId));
      const bids = await Promise.all(
        ["n-one", "n-two"].map((nodeId) => harness.bidClient.ask(nodeId, ask("a-1"), waitMs)),
      );
      expect(bids.map((bid) => bid?.nodeId)).toEqual(["n-one", "n-two"]);
    });
    it("times out for a node that is absent, silent, or answers with something else", async () => {
      await harness.bidServer("n-mute").onAsk(() => new Promise(() => undefined));
      await harness.bidServer("n-odd").onAsk(async () => ({ bids: [] }));
      await harness.bidServer("n-broken").onAsk(() => Promise.reject(new Error("out of order")));
      for (const nodeId of ["n-absent", "n-mute", "n-odd", "n-broken"]) {
        expect(await harness.bidClient.ask(nodeId, ask(`a-${nodeId}`), waitMs)).toBeUndefined();
      }
    });
    it("releases holds that are not needed", async () => {
      const asked = record<AskBatch>();
      await harness.bidServer("n-one").onAsk(async (batch) => {
        asked.push(batch);
        return { bids: [] };
      });
      harness.bidClient.release("n-one", { askId: "a-1", slots: 2 });
      expect((await asked.first(({ released }) => released.length > 0)).released).toEqual([{ askId: "a-1", slots: 2 }]);
    });
    it("receives no ask once the server is closed", async () => {
      const bidServer = await harness.bidServer("n-one").onAsk(accepts("n-one"));
      await bidServer.close();
      expect(await harness.bidClient.ask("n-one", ask("a-1"), waitMs)).toBeUndefined();
    });
    it("delivers heartbeats of all nodes to every subscriber, until closed", async () => {
      const [one, two] = [record<Heartbeat>(), record<Heartbeat>()];
      const first = await harness.bidClient.onHeartbeat(one.push);
      const second = await harness.bidClient.onHeartbeat(two.push);
      harness.bidServer("n-one").heartbeat(heartbeat("n-one"));
      harness.bidServer("n-two").heartbeat(heartbeat("n-two"));
      for (const recorded of [one, two]) {
        const heartbeats = await recorded.atLeast(2);
        expect(heartbeats.map(({ info }) => info.nodeId).toSorted()).toEqual(["n-one", "n-two"]);
      }
      await first.close();
      harness.bidServer("n-one").heartbeat(heartbeat("n-one"));
      await two.atLeast(3);
      expect(one.all).toHaveLength(2);
      await second.close();
    });
    it("delivers a node the heartbeats with its id", async () => {
      const collected = record<Heartbeat>();
      const pushChannel = await harness.bidServer("n-one").onOwnHeartbeat(collected.push);
      harness.bidServer("n-two").heartbeat(heartbeat("n-two"));
      harness.bidServer("n-one").heartbeat(heartbeat("n-one"));
      expect((await collected.atLeast(1)).map(({ info }) => info.nodeId)).toEqual(["n-one"]);
      await pushChannel.close();
    });
    it("delivers a confirmation request to a requester, with the node's id, and returns the answer", async () => {
      const asked = record<{ readonly nodeId: string; readonly request: ConfirmRequest }>();
      const answering = await harness.bidClient.onConfirm(async (nodeId, request) => {
        asked.push({ nodeId, request });
        return {
          verdicts: request.executions.map(({ executionId }) => ({
            executionId,
            holds: nodeId === "n-one",
            recordedUpTo: 3,
          })),
        };
      });
      const request = {
        executions: [{ executionId: "e-1", jobId: "j-1", namespace: "default", isAssigned: true }],
      };
      const answer = await harness.bidServer("n-one").confirm(request, 5_000);
      expect(answer).toEqual({ verdicts: [{ executionId: "e-1", holds: true, recordedUpTo: 3 }] });
      expect(asked.all).toEqual([{ nodeId: "n-one", request }]);
      await answering.close();
    });
    it("delivers a request for secrets to a requester, with the node's id, and returns the answer", async () => {
      const request = { executionId: "e-1", jobId: "j-1", namespace: "default", publicKey: "k".repeat(44) };
      expect(await harness.bidServer("n-one").requestSecrets(request, waitMs)).toBeUndefined();
      const asked = record<unknown>();
      const answering = await harness.bidClient.onSecretRequest(async (nodeId, received) => {
        asked.push({ nodeId, request: received });
        return received.jobId === "j-1" ? { sealed: "c2VhbGVk" } : { refused: "no such job" };
      });
      const { requestSecrets } = harness.bidServer("n-one");
      expect(await requestSecrets(request, 5_000)).toEqual({ sealed: "c2VhbGVk" });
      expect(await requestSecrets({ ...request, jobId: "j-2" }, 5_000)).toEqual({ refused: "no such job" });
      expect(asked.all[0]).toEqual({ nodeId: "n-one", request });
      await answering.close();
    });
    it("resolves with undefined without a requester, or when it fails", async () => {
      const nothing: ConfirmRequest = { executions: [] };
      expect(await harness.bidServer("n-one").confirm(nothing, waitMs)).toBeUndefined();
      const answering = await harness.bidClient.onConfirm(() => Promise.reject(new Error("out of order")));
      expect(await harness.bidServer("n-one").confirm(nothing, waitMs)).toBeUndefined();
      await answering.close();
    });
  });
}
