import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { docker } from "./docker.ts";

// An engine whose only container has gone by the time it is removed.
const container = { Image: "image", Id: "c-1", Labels: { "shoal.execution": "e-1" }, State: "exited" };
const answers: Readonly<Record<string, unknown>> = {
  "GET /version": { ApiVersion: "1.47", Os: "linux" },
  "GET /containers/json": [container],
};
const calls: string[] = [];
const engine = createServer((request, response) => {
  const call = `${request.method} ${request.url?.replace(/\?.*/, "")}`;
  calls.push(call);
  const answer = answers[call];
  response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(answer ?? { message: `no ${call}` }));
});
let folder = "";
let socketPath = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shoal-docker-"));
  socketPath = join(folder, "s");
  engine.listen(socketPath);
  await once(engine, "listening");
});
afterAll(async () => {
  engine.close();
  await rm(folder, { recursive: true, force: true });
});

// The client library and its own libraries are CommonJS: these are the files that this process has loaded.
const clientFiles = () =>
  Object.keys(createRequire(import.meta.url).cache).filter((path) => /dockerode|modem/.test(path));

it("loads the engine's client with the first container that it touches", async () => {
  const executor = docker({ nodeId: "n", instanceId: "i", socketPath, clock: systemClock({ unref: true }) });
  expect(await executor.unavailable()).toBeUndefined();
  await executor.sweep(new Set(["e-1"]));
  expect(calls).toEqual(["GET /version", "GET /containers/json"]);
  expect(clientFiles()).toEqual([]);
  await executor.sweep(new Set());
  expect(calls.at(-1)).toBe("DELETE /containers/c-1");
  expect(clientFiles()).not.toEqual([]);
});

it("explains with the engine's own message why it is unavailable", async () => {
  const broken = createServer((_, response) => {
    response.writeHead(503, { "content-type": "application/json" });
    response.end(JSON.stringify({ message: "the engine is starting" }));
  });
  const path = join(folder, "broken");
  broken.listen(path);
  await once(broken, "listening");
  const executor = docker({ nodeId: "n", instanceId: "i", socketPath: path, clock: systemClock({ unref: true }) });
  expect(await executor.unavailable()).toBe(`no Docker engine at ${path}: the engine is starting`);
  broken.close();
});
