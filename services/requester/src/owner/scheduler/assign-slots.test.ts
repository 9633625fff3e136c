import type { Bid } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { assignSlots } from "./assign-slots.ts";

const bid = (nodeId: string, score: number, slots: number): Bid => ({
  askId: `ask-${nodeId}`,
  nodeId,
  accepted: slots > 0,
  score,
  slots,
});
const dealtAfter = (
  failures: Readonly<Record<string, number>>,
  partitions: readonly number[],
  ...bids: readonly Bid[]
) =>
  assignSlots(
    partitions.map((partition) => ({ slot: String(partition) })),
    bids,
    new Map(Object.entries(failures)),
  ).map(({ slot, nodeId }) => `${slot}${nodeId}`);
const dealt = (partitions: readonly number[], ...bids: readonly Bid[]) => dealtAfter({}, partitions, ...bids);

describe("assigning slots to bids", () => {
  it("begins with the best and spreads over every node", () => {
    expect(dealt([0, 1, 2, 3], bid("a", 1, 4), bid("b", 9, 4), bid("c", 5, 4))).toEqual(["0b", "1c", "2a", "3b"]);
  });
  it("begins with the fewest failures, whatever the bids, and leaves out no node that has room", () => {
    const bids = [bid("a", 9, 1), bid("b", 1, 1), bid("c", 5, 1)];
    expect(dealtAfter({ a: 1 }, [0], ...bids)).toEqual(["0c"]);
    expect(dealtAfter({ a: 2, b: 1, c: 3 }, [0, 1, 2], ...bids)).toEqual(["0b", "1a", "2c"]);
  });
  it("gives no node more than it offered", () => {
    expect(dealt([0, 1, 2, 3], bid("a", 1, 1), bid("b", 9, 2))).toEqual(["0b", "1a", "2b"]);
  });
  it("assigns nothing when no node accepted", () => {
    expect(dealt([0], bid("a", 1, 0))).toEqual([]);
    expect(dealt([0])).toEqual([]);
  });
});
