import { createHandClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { createLedger, holdMs } from "../capacity/ledger.ts";
import { askOf } from "../testing/assignments.ts";
import { answer, type BidderOptions } from "./bidder.ts";

const capacity = { cpuCores: 1, memoryBytes: 2 ** 33, diskBytes: 0, gpus: 0 };

function bidder(policies: BidderOptions["policies"] = []): BidderOptions {
  const clock = createHandClock(1_000);
  const ledger = createLedger({ clock, capacity, slotsMax: 10, freed: () => {} });
  return { nodeId: "n-one", stall: { onAsk: () => Promise.reject(new Error("unused")) }, ledger, policies };
}

describe("a bidder", () => {
  it("bids for what fits, and holds the room", async () => {
    const options = bidder([{ name: "likes", judge: () => ({ fit: true, score: 7 }) }]);
    const { bids } = await answer(options, { asks: [askOf({ slots: 3 })], released: [] });
    expect(bids).toEqual([
      { askId: "a-1", nodeId: "n-one", accepted: true, score: 7, slots: 2, holdUntil: 1_000 + holdMs },
    ]);
  });

  it("is busy when there is no room, and only then", async () => {
    const options = bidder();
    await answer(options, { asks: [askOf({ askId: "a-1", slots: 2 })], released: [] });
    const { bids } = await answer(options, { asks: [askOf({ askId: "a-2" })], released: [] });
    expect(bids).toMatchObject([{ accepted: false, slots: 0, busy: true, why: expect.stringContaining("cpuCores") }]);
    const strict = bidder([{ name: "never", judge: () => ({ fit: false, why: "not here" }) }]);
    const refused = await answer(strict, { asks: [askOf()], released: [] });
    expect(refused.bids).toEqual([
      { askId: "a-1", nodeId: "n-one", accepted: false, slots: 0, why: "never: not here" },
    ]);
  });

  it("takes what is released before it looks at what is asked", async () => {
    const options = bidder();
    await answer(options, { asks: [askOf({ askId: "a-1", slots: 2 })], released: [] });
    const { bids } = await answer(options, {
      asks: [askOf({ askId: "a-2", slots: 2 })],
      released: [{ askId: "a-1", slots: 2 }],
    });
    expect(bids).toMatchObject([{ accepted: true, slots: 2 }]);
  });

  it("answers every ask of a batch, also beside one that it cannot answer", async () => {
    const options = bidder([
      {
        name: "moody",
        judge: ({ askId }) => (askId === "a-2" ? Promise.reject(new Error("no")) : { fit: true, score: 0 }),
      },
    ]);
    const asks = ["a-1", "a-2", "a-3"].map((askId) => askOf({ askId }));
    const { bids } = await answer(options, { asks, released: [] });
    expect(bids.map(({ askId, accepted }) => [askId, accepted])).toEqual([
      ["a-1", true],
      ["a-2", false],
      ["a-3", true],
    ]);
  });
});
