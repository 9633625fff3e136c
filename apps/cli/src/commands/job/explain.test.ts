import { afterEach, expect, it } from "vitest";
import { type FakeRequester, fakeRequester } from "../../testing/fake-requester.ts";

const refusal = { Name: "engine", Why: "does not support engine docker", Nodes: 4, Examples: ["n-1", "n-2", "n-3"] };
const explanation = {
  ...{ JobID: "j-1", Version: 2, State: "queued", Why: "waits for nodes", MoreSlots: 7 },
  Cause: { Code: "OUT_OF_MEMORY", Why: "it used 2 GB", Hint: "request more", NodeID: "n-1", ExecutionID: "e-1" },
  Waiting: {
    Slots: 1,
    Reasons: [{ Name: "quota", Why: "namespace blue has used its quota" }],
    Refusals: [refusal],
    Present: [{ ...refusal, Nodes: 1, Examples: ["n-1"] }],
    Unblock: ["a node with 8 CPU cores free; the most that one has free is 4 CPU cores"],
  },
  Slots: [
    { Slot: "1", State: "waiting", Why: "not placed so far", Competitors: [], Refusals: [] },
    {
      ...{ Slot: "0", State: "running", NodeID: "n-1", Attempt: 3, Why: "n-1 made the best of 2 bids", Rank: 1 },
      Competitors: [{ NodeID: "n-2", Score: 70.26 }],
      Refusals: [refusal],
    },
  ],
};

let fake: FakeRequester | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

it("job explain prints each reason on a line", async () => {
  fake = await fakeRequester({ "GET /orchestrator/jobs/web/explain": { Explanation: explanation } });
  const { code, out } = await fake.shoal("job", "explain", "web");
  expect(code).toBe(0);
  expect(out.trimEnd().split("\n")).toEqual([
    "Job j-1, version 2: queued: waits for nodes",
    "First cause on n-1: it used 2 GB (OUT_OF_MEMORY)",
    "Hint: request more",
    "1 slot waits:",
    "  quota: namespace blue has used its quota",
    "  refused when last asked:",
    "    4 nodes, engine: does not support engine docker (n-1, n-2, n-3, …)",
    "  nodes now:",
    "    1 node, engine: does not support engine docker (n-1)",
    "  would start with:",
    "    a node with 8 CPU cores free; the most that one has free is 4 CPU cores",
    "Slot 1: waiting: not placed so far",
    "Slot 0, attempt 3: running: n-1 made the best of 2 bids",
    "    other bids: n-2 70.3",
    "    4 nodes, engine: does not support engine docker (n-1, n-2, n-3, …)",
    "7 more slots are not shown",
  ]);
  const json = await fake.shoal("job", "explain", "web", "--output", "json");
  expect(JSON.parse(json.out)).toEqual(explanation);
});
