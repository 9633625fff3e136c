import { sampleInfo } from "@shoal/core/testing";
import { NodeDisconnected, NodeDrainStarted, NodeForgotten, NodeJoined } from "@shoal/proto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

const nodes = "/api/v1/orchestrator/nodes";
const one = { kind: "node", namespace: "", id: "n-one" };
let harness: ApiHarness;
beforeEach(async () => {
  harness = await apiHarness();
  await harness.emit(one, NodeJoined.of({ info: sampleInfo("n-one"), startedAt: 1, approval: "pending" }));
  await harness.emit({ ...one, id: "n-two" }, NodeJoined.of({ info: sampleInfo("n-two"), startedAt: 1 }));
  await expect.poll(async () => (await list()).length).toBe(2);
});
afterEach(async () => {
  await harness.close();
});

const put = async (id: string, payload: object) => {
  const response = await harness.app.inject({ method: "PUT", url: `${nodes}/${id}`, payload });
  return { status: response.statusCode, body: response.json() };
};
const node = async (id = "n-one") => (await harness.app.inject({ url: `${nodes}/${id}` })).json().Node;
const list = async (query: Record<string, string> = {}): Promise<string[]> => {
  const { Nodes } = (await harness.app.inject({ url: nodes, query })).json();
  return Nodes.map(({ Info }: { Info: { NodeID: string } }) => Info.NodeID).filter((id: string) => id !== "r-bench");
};
const last = () => harness.sim.log.entries.at(-1)?.commit;

it("a node that waits for approval is listed as such, and approved with a message and its actor", async () => {
  expect(await list({ "filter-approval": "pending" })).toEqual(["n-one"]);
  const order = { Action: "approve", Message: "checked", NodeID: "n-one", Namespace: "", Credential: null };
  expect(await put("n-o", order)).toEqual({ status: 200, body: { Success: true } });
  expect(last()).toMatchObject({
    actor: { type: "client", address: "127.0.0.1" },
    cause: { command: "Approve" },
    events: [{ type: "NodeApproved", data: { why: "checked" } }],
  });
  await expect.poll(() => list({ "filter-approval": "pending" })).toEqual([]);
  expect(await node()).toMatchObject({ Membership: "APPROVED", MembershipMessage: "checked" });
});

it("a node is rejected once, and listed as rejected", async () => {
  expect((await put("n-two", { Action: "Reject", Message: "not ours" })).status).toBe(200);
  await expect.poll(() => list({ "filter-approval": "rejected" })).toEqual(["n-two"]);
  const { status, body } = await put("n-two", { Action: "reject" });
  expect([status, body.Code, body.Message]).toEqual([
    409,
    "ConflictNodeState",
    expect.stringMatching(/already rejected/),
  ]);
});

it("a node is drained with a deadline, and gets work again", async () => {
  expect((await put("n-two", { Action: "drain", Message: "new kernel", Deadline: 600 })).status).toBe(200);
  await expect.poll(async () => (await node("n-two")).Drain).toBeDefined();
  const { Drain } = await node("n-two");
  expect(Drain).toMatchObject({ Mode: "finish", Message: "new kernel" });
  expect(Date.parse(Drain.Deadline) - Date.parse(Drain.Since)).toBe(600_000);
  await put("n-two", { Action: "drain", Mode: "move" });
  expect(last()?.events).toMatchObject([{ type: NodeDrainStarted.name, data: { mode: "move", until: last()?.at } }]);
  expect((await put("n-two", { Action: "undrain" })).status).toBe(200);
  await expect.poll(async () => (await node("n-two")).Drain).toBeUndefined();
  expect(await put("n-two", { Action: "undrain" })).toMatchObject({ status: 409 });
});

it("a deleted node is not known any more", async () => {
  expect((await put("n-two", { Action: "delete", Message: "replaced" })).status).toBe(200);
  expect(last()?.events).toMatchObject([{ type: "NodeDeleted" }]);
  // The view follows the log; the log decides.
  expect(await put("n-two", { Action: "delete" })).toMatchObject({ status: 404, body: { Code: "NotFound" } });
  expect(NodeForgotten.name).not.toBe(last()?.events[0]?.type);
});

it.each([
  { id: "n-none", order: { Action: "approve" }, status: 404, code: "NotFound", message: /node not found: n-none/ },
  { id: "n-", order: { Action: "approve" }, status: 409, code: "MultipleNodesFound", message: /2 nodes/ },
  {
    id: "r-bench",
    order: { Action: "drain" },
    status: 400,
    code: "BadRequest",
    message: /expected a compute node, got r-bench/,
  },
  {
    id: "n-one",
    order: { Action: "explode" },
    status: 400,
    code: "BadRequest",
    message: /Action: expected one of approve, reject/,
  },
  { id: "n-one", order: {}, status: 400, code: "BadRequest", message: /Action: expected one of approve/ },
  {
    id: "n-one",
    order: { Action: "approve", NodeID: "n-two" },
    status: 400,
    code: "BadRequest",
    message: /NodeID: expected n-one/,
  },
  {
    id: "n-one",
    order: { Action: "drain", Deadline: -1 },
    status: 400,
    code: "BadRequest",
    message: /Deadline: expected 0 or more/,
  },
  {
    id: "n-one",
    order: { Action: "drain", Mode: "soon" },
    status: 400,
    code: "BadRequest",
    message: /Mode: expected one of finish/,
  },
])("an order to $id of $order is refused", async ({ id, order, status, code, message }) => {
  const before = harness.sim.log.entries.length;
  const answer = await put(id, order);
  expect([answer.status, answer.body.Code]).toEqual([status, code]);
  expect(answer.body.Message).toMatch(message);
  expect(harness.sim.log.entries.length).toBe(before);
});

it("a node's history has what happened and what caused it, page by page, also after it is forgotten", async () => {
  await put("n-one", { Action: "reject", Message: "not ours" });
  await put("n-one", { Action: "approve", Message: "checked" });
  const page = async (id: string, query = "") => {
    const response = await harness.app.inject({ url: `${nodes}/${id}/history${query}` });
    return { status: response.statusCode, ...response.json() };
  };
  const { NextToken, Items } = await page("n-one", "?limit=2");
  expect(Items).toMatchObject([
    { SeqNum: 1, NodeID: "n-one", Event: { Message: expect.stringMatching(/joined/) }, Actor: { Type: "requester" } },
    { SeqNum: 2, Event: { Message: "Rejected: not ours", Topic: "Node" }, Actor: { Type: "client" } },
  ]);
  expect(await page("n-one", `?limit=2&next_token=${NextToken}`)).toMatchObject({
    NextToken: "",
    Items: [{ SeqNum: 3, Event: { Message: "Approved: checked" } }],
  });
  expect((await page("n-one", "?since=99999999999")).Items).toEqual([]);
  expect((await page("n-tw")).Items).toMatchObject([{ NodeID: "n-two" }]);
  const lost = NodeDisconnected.of({ why: "no heartbeat", lastSeenAt: 1, forgetAt: 2 });
  const joined = NodeJoined.of({ info: sampleInfo("n-gone"), startedAt: 1 });
  await harness.emit({ ...one, id: "n-gone" }, joined, lost, NodeForgotten.of({}));
  expect(await list()).toEqual(["n-one", "n-two"]);
  expect((await page("n-gone")).Items).toHaveLength(3);
  for (const id of ["n-none", "r-bench", "a.b"]) expect((await page(id)).status, id).toBe(404);
});
