import { afterEach, expect, it } from "vitest";
import { type FakeRequester, fakeRequester, refusal } from "../../testing/fake-requester.ts";
import { wireNode } from "../../testing/wire-samples.ts";

const path = "/orchestrator/nodes/n-one";
let fake: FakeRequester | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

async function requester(answer: unknown = { Success: true }): Promise<FakeRequester> {
  fake = await fakeRequester({ [`GET ${path}`]: { Node: wireNode("connected") }, [`PUT ${path}`]: answer });
  return fake;
}

it.each([
  { args: ["approve"], body: { Action: "approve" }, out: "Node approved" },
  { args: ["reject"], body: { Action: "reject" }, out: "Node rejected, its work moves to other nodes" },
  { args: ["delete"], body: { Action: "delete" }, out: "Node deleted" },
  { args: ["undrain"], body: { Action: "undrain" }, out: "Node gets work again" },
  { args: ["drain"], body: { Action: "drain", Mode: "finish" }, out: "Node is draining" },
  { args: ["drain", "--move"], body: { Action: "drain", Mode: "move" }, out: "Node is draining" },
  {
    args: ["drain", "--finish", "--deadline", "10m"],
    body: { Action: "drain", Mode: "finish", Deadline: 600 },
    out: "Node is draining",
  },
])("node $args sends $body", async ({ args, body, out }) => {
  const { shoal, bodies } = await requester();
  const [command = "", ...flags] = args;
  const outcome = await shoal("node", command, "n-one", "-m", "why", ...flags);
  expect(outcome).toEqual({ code: 0, out: `${out}: n-one\n`, err: "" });
  expect(bodies).toEqual([{ Message: "why", NodeID: "n-one", ...body }]);
});

it.each([
  [["--deadline", "soon"], /--deadline: expected a duration as in 90s, 10m, 2h or 1d, at most 30 days, got "soon"/],
  [["--deadline", "31d"], /at most 30 days/],
  [["--finish", "--move"], /expected one of --finish and --move, got both/],
])("node drain with %j is refused without a call", async (flags, message) => {
  const { shoal, bodies } = await requester();
  const { code, err } = await shoal("node", "drain", "n-one", ...flags);
  expect([code, bodies]).toEqual([2, []]);
  expect(err).toMatch(message);
});

it("node approve ends with 5 when the node is approved already", async () => {
  const { shoal } = await requester(refusal(409, "ConflictNodeState", "the node is already approved"));
  const { code, err } = await shoal("node", "approve", "n-one");
  expect(code).toBe(5);
  expect(err).toContain("already approved");
});
