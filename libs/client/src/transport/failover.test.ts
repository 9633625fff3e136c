import { expect, it } from "vitest";
import { createClient } from "../client.ts";

/** A client of two requesters that answer in turn: with a refusal of this status and code, or with success. */
function answering(...answers: readonly (readonly [status: number, code: string])[]) {
  const hosts: string[] = [];
  const client = createClient({
    endpoints: ["http://a:1", "http://b:2"],
    fetch: async (url) => {
      hosts.push(new URL(url).host);
      const [status, code] = answers[hosts.length - 1] ?? [200, ""];
      if (status === 200) return Response.json({ Nodes: [] });
      return Response.json({ Code: code, Message: "no" }, { status });
    },
  });
  return { hosts, read: () => client.nodes() };
}

it.each([502, 503, 504])("fails over on status %i, and tries that requester first from then on", async (status) => {
  const { hosts, read } = answering([status, "Any"]);
  await read();
  await read();
  expect(hosts).toEqual(["a:1", "b:2", "b:2"]);
});

it.each([400, 401, 404, 409, 413, 429, 500])("returns status %i without failover", async (status) => {
  const { hosts, read } = answering([status, "Any"]);
  await expect(read()).rejects.toMatchObject({ status, code: "Any", message: "no" });
  expect(hosts).toEqual(["a:1"]);
});

it("throws the last error when every requester fails", async () => {
  const { hosts, read } = answering([502, "First"], [503, "Second"]);
  await expect(read()).rejects.toMatchObject({ status: 503, code: "Second" });
  expect(hosts).toEqual(["a:1", "b:2"]);
});
