import { sampleInfo } from "@shoal/core/testing";
import { JobQueued, NodeJoined } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiHarness, apiHarness, harnessSpec } from "../testing/api-harness.ts";
import { jobIdOf, jobRef, submitted } from "../testing/sample-jobs.ts";

let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
});
afterEach(async () => {
  await harness.close();
});

it("a job that waits is explained by its log and the nodes of the moment", async () => {
  const info = { ...sampleInfo("n-one"), engines: ["wasm"] };
  await harness.emit({ kind: "node", namespace: "", id: "n-one" }, NodeJoined.of({ info, startedAt: 1 }));
  const id = jobIdOf(1);
  await submitted(harness, id, harnessSpec({ count: 2 }));
  const answers = [{ nodeId: "n-one", accepted: false, why: "engine: does not support engine noop" }];
  await harness.emit(jobRef(id), JobQueued.of({ why: "not enough nodes to run job.", answers }));
  const url = `/api/v1/orchestrator/jobs/${id}/explain`;
  await expect
    .poll(async () => (await harness.app.inject({ url })).json().Explanation.Waiting.Unblock)
    .toEqual(["a node with the engine noop; these have wasm"]);
  const response = await harness.app.inject({ url });
  expect(response.statusCode).toBe(200);
  expect(response.json().Explanation).toMatchObject({
    ...{ JobID: id, State: "queued", MoreSlots: 0 },
    Waiting: {
      Slots: 2,
      Reasons: [{ Name: "nodes", Why: "not enough nodes to run job." }],
      Refusals: [{ Name: "engine", Nodes: 1, Examples: ["n-one"] }],
    },
  });
  expect((await harness.app.inject({ url: "/api/v1/orchestrator/jobs/j-none/explain" })).statusCode).toBe(404);
});
