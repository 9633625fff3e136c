import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { waitForNodes } from "./wait-for-nodes.ts";

const connected = (NodeType: string) => ({ Info: { NodeType }, Connection: "CONNECTED" });

// The two routes of the API that the wait uses: the list of connected nodes, and the feed.
let nodes: readonly object[];
let lists: number;
let onList: () => void;
let feed: PromiseWithResolvers<ServerResponse>;
const server = createServer((request, response) => {
  if (request.url === "/api/v1/orchestrator/events") return feed.resolve(response);
  expect(request.url).toBe("/api/v1/orchestrator/nodes?filter-status=connected");
  lists++;
  response.end(JSON.stringify({ Nodes: nodes }), onList);
});

let api: string;
beforeEach(async () => {
  nodes = [];
  lists = 0;
  onList = () => undefined;
  feed = Promise.withResolvers();
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

it("reads the nodes again after each event, and counts no requester", async () => {
  const listed = Promise.withResolvers<void>();
  onList = listed.resolve;
  nodes = [connected("Compute"), connected("Requester")];
  const waiting = waitForNodes(api, 2, new AbortController().signal);
  const response = await feed.promise;
  await listed.promise;
  nodes = [...nodes, connected("Compute")];
  response.write("data: {}\n\n");
  await waiting;
  expect(lists).toBe(2);
});

it("rejects when the start is cancelled", async () => {
  const stop = new AbortController();
  const waiting = waitForNodes(api, 1, stop.signal);
  await feed.promise;
  stop.abort(new Error("cancelled"));
  await expect(waiting).rejects.toThrow("cancelled");
});
