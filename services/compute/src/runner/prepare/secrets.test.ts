import { newBoxKey, sealTo } from "@shoal/node";
import { type SecretAnswer, type SecretRequest, secretAnswerContext } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import type { Executor } from "../../executors/executor.ts";
import { noop } from "../../executors/noop.ts";
import { assignmentOf, testNodeId } from "../../testing/assignments.ts";
import { createNodeHarness } from "../../testing/node-harness.ts";

const env = { PLAIN: "a", TOKEN: "secret:token" };

/** An answer that is sealed to the key of the request. */
function sealed(values: object, request: SecretRequest, nodeId = testNodeId): SecretAnswer {
  const context = secretAnswerContext(nodeId, request.executionId);
  const bytes = sealTo(Buffer.from(request.publicKey, "base64"), Buffer.from(JSON.stringify(values)), context);
  return { sealed: Buffer.from(bytes).toString("base64") };
}

/** A node with an assigned execution whose environment refers to a secret. */
async function nodeWith(answer: (request: SecretRequest, count: number) => SecretAnswer | undefined) {
  const environments: Readonly<Record<string, string>>[] = [];
  const requests: SecretRequest[] = [];
  const node = createNodeHarness({
    executors: (clock): readonly Executor[] => {
      const executor = noop({ clock });
      const start: Executor["start"] = (workload, signal) => {
        environments.push(workload.env);
        return executor.start(workload, signal);
      };
      return [{ ...executor, start }];
    },
  });
  node.sim.bidClient.secretResponders.push((_nodeId, request, reply) => {
    requests.push(request);
    const answered = answer(request, requests.length);
    if (answered !== undefined) reply(answered);
  });
  await node.boot();
  const assignment = assignmentOf({ task: { engine: { type: "noop" }, env } });
  node.assign(assignment);
  await node.sim.clock.advance(90_000);
  return { node, environments, requests, saw: node.received(assignment.executionId).at(-1) };
}

describe("a task whose environment refers to a secret", () => {
  it("gets the value that a requester seals to the key of the request", async () => {
    const { environments, requests, saw, node } = await nodeWith((request) => sealed({ TOKEN: "hunter2" }, request));
    expect(saw).toMatchObject({ kind: "completed" });
    expect(environments).toMatchObject([{ PLAIN: "a", TOKEN: "hunter2" }]);
    expect(requests).toHaveLength(1);
    expect(JSON.stringify([...node.journal, node.sim.reports.reports])).not.toContain("hunter2");
  });
  it("asks again while no requester answers, each time with a new key", async () => {
    const { environments, requests } = await nodeWith((request, count) =>
      count < 3 ? undefined : sealed({ TOKEN: "hunter2" }, request),
    );
    expect(environments).toMatchObject([{ TOKEN: "hunter2" }]);
    expect(new Set(requests.map(({ publicKey }) => publicKey)).size).toBe(3);
  });
  it("fails for a while without an answer, which does not count against it", async () => {
    const { environments, saw } = await nodeWith(() => undefined);
    expect(environments).toEqual([]);
    expect(saw).toMatchObject({ kind: "failed", code: "SECRETS_UNAVAILABLE", final: false });
  });
  it("fails for good when the requester refuses: the secret is deleted", async () => {
    const { environments, saw } = await nodeWith(() => ({ refused: "secret token does not exist" }));
    expect(environments).toEqual([]);
    expect(saw).toMatchObject({
      kind: "failed",
      code: "SECRET_MISSING",
      why: "secret token does not exist",
      final: true,
    });
  });
  it.each([
    ["another key", (request: SecretRequest) => sealed({ TOKEN: "x" }, { ...request, publicKey: otherKey() })],
    ["another node", (request: SecretRequest) => sealed({ TOKEN: "x" }, request, "n-other")],
    ["no key at all", () => ({ sealed: Buffer.from('{"TOKEN":"x"}').toString("base64") })],
  ])("refuses an answer that is sealed for %s", async (_, answer) => {
    const { environments, saw } = await nodeWith(answer);
    expect(environments).toEqual([]);
    expect(saw).toMatchObject({ kind: "failed", code: "SECRETS_UNAVAILABLE" });
  });
});

const otherKey = (): string => Buffer.from(newBoxKey().publicKey).toString("base64");
