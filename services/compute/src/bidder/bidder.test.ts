import { createManualClock } from "@shoal/core/testing";
import type { Ask } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createLedger, holdMs } from "../capacity/ledger.ts";
import { Reservation } from "../capacity/reservation.ts";
import { createPortRange } from "../grants/port-range.ts";
import { askOf } from "../testing/assignments.ts";
import { answer, type BidderOptions } from "./bidder.ts";

const capacity = { cpuCores: 1, memoryBytes: 2 ** 33, diskBytes: 0, gpus: 0 };

function bidder(policies: BidderOptions["policies"] = []): BidderOptions {
  const clock = createManualClock(1_000);
  const ledger = createLedger({ clock, capacity, slotsMax: 10, freed: () => {} });
  const reservation = new Reservation({ clock, capacity, available: ledger.available, onEnded: () => {} });
  return {
    nodeId: "n-one",
    bidServer: { onAsk: () => Promise.reject(new Error("unused")) },
    ledger,
    reservation,
    portRange: createPortRange(undefined),
    victims: () => undefined,
    policies,
  };
}

describe("a bidder", () => {
  it("bids for what fits, and holds the resources", async () => {
    const options = bidder([{ name: "likes", evaluate: () => ({ fit: true, score: 7 }) }]);
    const { bids } = await answer(options, { asks: [askOf({ slots: 3 })], released: [] });
    expect(bids).toEqual([
      { askId: "a-1", nodeId: "n-one", accepted: true, score: 7, slots: 2, holdUntil: 1_000 + holdMs },
    ]);
  });

  it("is busy only when no resources are free", async () => {
    const options = bidder();
    await answer(options, { asks: [askOf({ askId: "a-1", slots: 2 })], released: [] });
    const { bids } = await answer(options, { asks: [askOf({ askId: "a-2" })], released: [] });
    expect(bids).toMatchObject([{ accepted: false, slots: 0, busy: true, why: expect.stringContaining("cpuCores") }]);
    const strict = bidder([{ name: "never", evaluate: () => ({ fit: false, why: "not here" }) }]);
    const refused = await answer(strict, { asks: [askOf()], released: [] });
    expect(refused.bids).toEqual([
      { askId: "a-1", nodeId: "n-one", accepted: false, slots: 0, why: "never: not here" },
    ]);
  });

  it("is busy when a policy's refusal may change", async () => {
    const options = bidder([{ name: "slow", evaluate: () => ({ fit: false, why: "not yet", mayChange: true }) }]);
    const { bids } = await answer(options, { asks: [askOf()], released: [] });
    expect(bids).toMatchObject([{ accepted: false, busy: true, why: "slow: not yet", available: capacity }]);
  });

  it("is busy while a port that the task names is taken", async () => {
    const portRange = createPortRange({ first: 21_880, last: 21_881 });
    portRange.adopt("e-1", [{ name: "web", hostPort: 21_880, address: "0.0.0.0" }]);
    const network = { type: "bridge" as const, ports: [{ name: "web", static: 21_880 }] };
    const ask = askOf({ task: { engine: { type: "noop" }, network } });
    const answered = () => answer({ ...bidder(), portRange }, { asks: [ask], released: [] });
    expect((await answered()).bids).toMatchObject([
      { accepted: false, busy: true, why: "port 21880 of the node is held by e-1" },
    ]);
    portRange.release("e-1");
    expect((await answered()).bids).toMatchObject([{ accepted: true }]);
    const two = await answer({ ...bidder(), portRange }, { asks: [{ ...ask, slots: 2 }], released: [] });
    expect(two.bids).toMatchObject([{ accepted: true, slots: 1 }]);
  });

  it("lists the executions that would end for an ask, and reserves what they free", async () => {
    const options = bidder();
    const victim = { executionId: "e-1", jobId: "j-low", namespace: "default", priority: 0, assignedAt: 1 };
    const preempting = { ...options, victims: (ask: Ask) => (ask.preemptsUpTo === 40 ? [victim] : undefined) };
    await answer(options, { asks: [askOf({ slots: 2 })], released: [] });
    const ask = askOf({ askId: "a-2", jobId: "j-2", priority: 50, preemptsUpTo: 40 });
    const [found] = (await answer(preempting, { asks: [ask], released: [] })).bids;
    expect([found?.victims, found?.reserved]).toEqual([[victim], undefined]);
    const reserving = { ...ask, askId: "a-3", reserveSince: 5 };
    const [reserved] = (await answer(preempting, { asks: [reserving], released: [] })).bids;
    expect(reserved).toMatchObject({
      victims: [victim],
      reserved: true,
      why: expect.stringContaining("priority ends"),
    });
    // A job that takes precedence has the reservation: the room would be its own.
    const other = askOf({ askId: "a-4", jobId: "j-3", priority: 45, preemptsUpTo: 40, reserveSince: 5 });
    const [refused] = (await answer(preempting, { asks: [other], released: [] })).bids;
    expect([refused?.victims, refused?.reserved]).toEqual([undefined, undefined]);
  });

  it("applies releases before asks", async () => {
    const options = bidder();
    await answer(options, { asks: [askOf({ askId: "a-1", slots: 2 })], released: [] });
    const { bids } = await answer(options, {
      asks: [askOf({ askId: "a-2", slots: 2 })],
      released: [{ askId: "a-1", slots: 2 }],
    });
    expect(bids).toMatchObject([{ accepted: true, slots: 2 }]);
  });

  it("answers every ask of a batch, even when one of them fails", async () => {
    const options = bidder([
      {
        name: "moody",
        evaluate: ({ askId }) => (askId === "a-2" ? Promise.reject(new Error("no")) : { fit: true, score: 0 }),
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

  it("reserves resources for a job that has waited for long, names it in refusals, and grants it the resources", async () => {
    const options = bidder();
    const ask = async (preferences: Parameters<typeof askOf>[0]) =>
      (await answer(options, { asks: [askOf(preferences)], released: [] })).bids[0];
    const all = { ...capacity, diskBytes: 0, memoryBytes: 1 };
    const half = { ...all, cpuCores: 0.5 };
    await ask({ askId: "a-1", jobId: "j-first", resources: half });
    const large = { jobId: "j-large", resources: all, reserveSince: 500 };
    expect(await ask({ ...large, askId: "a-2" })).toMatchObject({
      ...{ accepted: false, busy: true, reserved: true, available: { cpuCores: 0 } },
      why: expect.stringContaining("cpuCores"),
    });
    const refused = { accepted: false, busy: true, why: "capacity: reserved for j-large" };
    expect(await ask({ askId: "a-3", jobId: "j-small", resources: half })).toMatchObject(refused);
    options.ledger.release("a-1");
    expect(await ask({ askId: "a-4", jobId: "j-small", resources: half })).toMatchObject(refused);
    expect(await ask({ ...large, askId: "a-5" })).toMatchObject({ accepted: true, slots: 1 });
    options.ledger.release("a-5");
    expect(await ask({ askId: "a-6", jobId: "j-small", resources: half })).toMatchObject({ accepted: true });
  });

  it("releases the reservation once the owner no longer needs it", async () => {
    const options = bidder();
    const asks = [
      askOf({ askId: "a-1", jobId: "j-first", slots: 2 }),
      askOf({ askId: "a-2", jobId: "j-large", reserveSince: 1, resources: capacity }),
    ];
    const { bids } = await answer(options, { asks, released: [] });
    expect(bids[1]?.reserved).toBe(true);
    const released = ["a-1", "a-2"].map((askId) => ({ askId, slots: 1 }));
    const after = await answer(options, { asks: [askOf({ askId: "a-3", jobId: "j-small" })], released });
    expect(after.bids).toMatchObject([{ accepted: true }]);
  });
});
