import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ipfsNode } from "./ipfs-node.ts";

// An IPFS node that is online searches for a block without end.
const silent = createServer();
beforeAll(async () => {
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
});

const cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";
const block = (signal: AbortSignal, blockMs: number) =>
  ipfsNode(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, { blockMs }).block(cid, signal);

it("a block that no peer sends fails with this reason", async () => {
  await expect(block(new AbortController().signal, 50)).rejects.toThrow(
    "the IPFS node did not have it within 0.05 s: no peer that it reaches sent it",
  );
});

it("a node that is gone fails with the reason of the connection", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const gone = ipfsNode(`http://127.0.0.1:${port}`);
  const why = `connect ECONNREFUSED 127.0.0.1:${port}`;
  await expect(gone.block(cid, new AbortController().signal)).rejects.toThrow(why);
  expect(await gone.unavailable()).toContain(why);
});

it("a stop is not a missing block", async () => {
  const stop = new AbortController();
  const asked = block(stop.signal, 60_000);
  stop.abort(new Error("stopped"));
  await expect(asked).rejects.toThrow("stopped");
});
