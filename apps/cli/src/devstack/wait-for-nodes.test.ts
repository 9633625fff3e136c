import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitForNodes } from "./wait-for-nodes.ts";

const connected = (NodeType: string) => ({ Info: { NodeType }, Connection: "CONNECTED" });

// The route of the API that the wait uses: the list of connected nodes.
let nodes: readonly object[];
let lists: number;
let onList: () => void;
const server = createServer((request, response) => {
  expect(request.url).toBe("/api/v1/orchestrator/nodes?filter-status=connected");
  lists++;
  response.end(JSON.stringify({ Nodes: nodes }), onList);
});

let api: string;
beforeEach(async () => {
  nodes = [];
  lists = 0;
  onList = () => undefined;
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  api = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterEach(() => {
  const closed = once(server, "close");
  server.closeAllConnections();
  server.close();
  return closed;
});

it("ends at once when the nodes are there", async () => {
  nodes = [connected("Compute"), connected("Requester"), connected("Compute")];
  await waitForNodes(api, 2, new AbortController().signal);
  expect(lists).toBe(1);
});

it("reads the nodes until they are there, and counts no requester", async () => {
  nodes = [connected("Compute"), connected("Requester")];
  onList = () => {
    if (lists === 3) nodes = [...nodes, connected("Compute")];
  };
  await waitForNodes(api, 2, new AbortController().signal);
  expect(lists).toBe(4);
});

it("rejects when the start is cancelled", async () => {
  const stop = new AbortController();
  onList = () => stop.abort(new Error("cancelled"));
  await expect(waitForNodes(api, 1, stop.signal)).rejects.toThrow("cancelled");
});
