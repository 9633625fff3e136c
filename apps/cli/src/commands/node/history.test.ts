import { afterEach, expect, it } from "vitest";
import { type FakeRequester, fakeRequester, refusal } from "../../testing/fake-requester.ts";

let fake: FakeRequester | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

const path = "GET /orchestrator/nodes/n-one/history";
const entry = (seqNum: number, actor: object, Message: string) => ({
  ...{ SeqNum: seqNum, NodeID: "n-one", Actor: actor, Time: "2026-01-01T00:00:00Z" },
  Event: { Message, Topic: "Node" },
});
const first = entry(1, { Type: "node", ID: "n-one" }, "n-one joined");
const second = entry(2, { Type: "client", ID: "ops" }, "Rejected: not ours\n");

it("prints every page of a node's history, with what caused each event", async () => {
  fake = await fakeRequester({
    [path]: (query: string) =>
      query.includes("next_token=more") ? { NextToken: "", Items: [second] } : { NextToken: "more", Items: [first] },
  });
  const { shoal, calls } = fake;
  const { code, out } = await shoal("node", "history", "n-one");
  expect(code).toBe(0);
  expect(out.split("\n").map((line) => line.trim().replaceAll(/ {2,}/g, " | "))).toEqual([
    "TIME | BY | EVENT",
    "2026-01-01 00:00:00Z | node | n-one joined",
    expect.stringMatching(/^2026-01-01 00:00:00Z \| client ops \| Rejected: not ours/),
    "",
  ]);
  expect(calls).toHaveLength(2);
  expect(JSON.parse((await shoal("node", "history", "n-one", "--output", "json")).out)).toEqual([first, second]);
});

it("ends with 4 for a node that never was", async () => {
  fake = await fakeRequester({ [path]: refusal(404, "NotFound", "node not found: n-one") });
  expect(await fake.shoal("node", "history", "n-one")).toMatchObject({
    code: 4,
    err: expect.stringContaining("node not found"),
  });
});
