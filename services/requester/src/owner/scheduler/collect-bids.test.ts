import { type BidClient, requirementsOf } from "@shoal/core";
import { sampleSpec } from "@shoal/core/testing";
import type { Ask, Bid } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { collectBids } from "./collect-bids.ts";

const requirements = requirementsOf(sampleSpec());
if (requirements === undefined) throw new Error("a job has a task");
const ask: Ask = {
  askId: "q",
  slots: 1,
  jobId: "j-1",
  namespace: "default",
  jobType: "batch",
  priority: 0,
  requirements,
};
const bid = (nodeId: string, accepted: boolean): Bid => ({ askId: "q", nodeId, accepted, slots: accepted ? 1 : 0 });

/** Nodes that answer on the test's request. */
function bidClient() {
  const answers = new Map<string, (bid: Bid | undefined) => void>();
  const released: string[] = [];
  const port: Pick<BidClient, "ask" | "release"> = {
    ask: (nodeId) => new Promise((resolve) => answers.set(nodeId, resolve)),
    release: (nodeId) => void released.push(nodeId),
  };
  return { port, released, answer: (nodeId: string, with_: Bid | undefined) => answers.get(nodeId)?.(with_) };
}

describe("a round of asking", () => {
  it("decides when more than half have answered with enough room, and releases late bids", async () => {
    const { port, released, answer } = bidClient();
    const round = collectBids(port, ask, { nodeIds: ["a", "b", "c"], waitMs: 1 });
    answer("a", bid("a", true));
    answer("b", bid("b", false));
    expect(await round).toEqual({ bids: [bid("a", true), bid("b", false)], silent: ["c"], isTimedOut: false });
    answer("c", bid("c", true));
    await Promise.resolve();
    expect(released).toEqual(["c"]);
  });

  it("waits for all nodes while the room is not sufficient", async () => {
    const { port, answer } = bidClient();
    const round = collectBids(port, ask, { nodeIds: ["a", "b", "c"], waitMs: 1 });
    answer("a", bid("a", false));
    answer("b", bid("b", false));
    answer("c", undefined);
    expect(await round).toEqual({ bids: [bid("a", false), bid("b", false)], silent: ["c"], isTimedOut: true });
  });

  it("counts no bid of another node or another ask", async () => {
    const { port, answer } = bidClient();
    const round = collectBids(port, ask, { nodeIds: ["a"], waitMs: 1 });
    answer("a", bid("b", true));
    expect(await round).toEqual({ bids: [], silent: ["a"], isTimedOut: true });
  });

  it("ends at once when no node is asked", async () => {
    expect(await collectBids(bidClient().port, ask, { nodeIds: [], waitMs: 1 })).toEqual({
      bids: [],
      silent: [],
      isTimedOut: true,
    });
  });
});
