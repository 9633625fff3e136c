import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { fromText } from "@shoal/wasi-sandbox/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Workload } from "../executor.ts";
import { type HttpCallOptions, httpCall } from "./http-call.ts";
import { wasm } from "./wasm.ts";

const seen: {
  readonly method: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}[] = [];
const server = createServer(async (incoming, response) => {
  let body = "";
  for await (const chunk of incoming) body += chunk;
  seen.push({ method: incoming.method, headers: incoming.headers, body });
  if (incoming.url === "/silent") return;
  if (incoming.url === "/large")
    return void response.writeHead(200, { "content-length": 100 * 2 ** 20 + 1 }).write("x");
  if (incoming.url === "/moved") return void response.writeHead(302, { location: "http://169.254.169.254/" }).end();
  response.writeHead(201, { "x-answer": "yes" }).end(`${incoming.method} ${body}`);
});
let origin = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const reach = { loopback: true, linkLocal: false };
const options: HttpCallOptions = { jobId: "j-1", domains: ["127.0.0.1"], reach };
const call = (url: string, differing: Partial<HttpCallOptions> = {}, method = 0) =>
  httpCall({ ...options, ...differing })({ method, url, headers: "", body: new Uint8Array(0), bodyBytesMax: 1000 });

describe("an HTTP request of a guest", () => {
  it.each([...["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"].entries()])(
    "has method %i: %s",
    async (method, name) => {
      expect(await call(`${origin}/`, {}, method)).toMatchObject({ result: 0, status: 201 });
      expect(seen.at(-1)?.method).toBe(name);
    },
  );
  it("carries the guest's headers and body and the job's id, and no header about the connection", async () => {
    const headers = "X-One: 1\nX-One: 2\nHost: other.example\nTransfer-Encoding: chunked\nnonsense";
    const request = { method: 1, url: `${origin}/`, headers, body: Buffer.from("hi"), bodyBytesMax: 4 };
    const response = await httpCall(options)(request);
    expect(response).toMatchObject({ result: 0, headers: expect.stringContaining("x-answer: yes") });
    // Cut off at the guest's buffer.
    expect("body" in response && Buffer.from(response.body).toString()).toBe("POST");
    expect(seen.at(-1)).toMatchObject({
      body: "hi",
      headers: { "x-one": "1, 2", "x-bacalhau-job-id": "j-1", host: origin.slice("http://".length) },
    });
    expect(seen.at(-1)?.headers["transfer-encoding"]).toBeUndefined();
  });
  it.each([
    ["what is no URL", "nonsense", 1],
    ["another scheme", "file:///etc/passwd", 1],
    ["a host that is not listed", "http://other.example/", 4],
    ["the same address in another form", "http://2130706434/", 4],
    ["a port without a listener", "http://127.0.0.1:1/", 2],
  ])("is refused for %s", async (_what, url, result) => {
    expect(await call(url)).toEqual({ result });
  });
  it("is refused for a listed name that leads to an internal address, also after a change", async () => {
    const resolve: NonNullable<HttpCallOptions["resolve"]> = (_host, _options, callback) =>
      callback(null, [{ address: "10.0.0.1", family: 4 }]);
    expect(await call("http://name.example/", { domains: ["name.example"], resolve })).toEqual({ result: 4 });
  });
  it("is refused for the node's own machine unless the node allows that", async () => {
    expect(await call(`${origin}/`, { reach: { loopback: false, linkLocal: false } })).toEqual({ result: 4 });
  });
  it("does not follow redirects: the guest decides, and its next request is checked", async () => {
    expect(await call(`${origin}/moved`)).toMatchObject({ result: 0, status: 302 });
    expect(await call("http://169.254.169.254/")).toEqual({ result: 4 });
  });
  it("ends when the server is silent, and when the response is too large", async () => {
    expect(await call(`${origin}/silent`, { timeoutMs: 50 })).toEqual({ result: 3 });
    expect(await call(`${origin}/large`)).toEqual({ result: 5 });
  });
});

/** Requests a URL and prints the result as a digit, the status' lowest byte, and the body. */
const guestOf = (url: string) =>
  fromText(`(module
  (import "wasi:http/requests" "http_request"
    (func $http (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 4096) "${url}")
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1000)) (i32.store (i32.const 20) (i32.const 1000))
    (i32.store8 (i32.const 100) (i32.add (i32.const 48) (call $http (i32.const 0) (i32.const 4096) (i32.const ${url.length})
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 8192) (i32.const 16) (i32.const 12288) (i32.const 20) (i32.const 24))))
    (if (i32.eq (i32.load8_u (i32.const 100)) (i32.const 48)) (then
      (i32.store (i32.const 0) (i32.const 12288)) (i32.store (i32.const 4) (i32.load (i32.const 20))))
    (else (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 1))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);

describe("a guest that imports http_request", () => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-wasm-http-"));
  const executor = wasm({ clock: systemClock({ unref: true }), limits: { poolSize: 0 }, reach });
  afterAll(async () => {
    await executor.close();
    rmSync(folder, { recursive: true, force: true });
  });
  async function run(url: string, network: Pick<Workload, "network" | "domains">) {
    const hostPath = join(folder, "main.wasm");
    writeFileSync(hostPath, guestOf(url));
    let stdout = "";
    const running = await executor.start({
      ...{ id: "e-1", jobId: "j-1", namespace: "default", nodeId: "n", env: {}, outputs: [], folder },
      params: { EntryModule: "/main.wasm" },
      inputs: [{ hostPath, target: "/main.wasm", readOnly: true }],
      resources: { cpuCores: 1, memoryBytes: 0, diskBytes: 0 },
      ...network,
      output: (_stream, chunk) => {
        stdout += Buffer.from(chunk).toString("utf8");
      },
    });
    return { exit: await running.exit, stdout };
  }

  it("gets the response of a listed domain", async () => {
    const { exit, stdout } = await run(`${origin}/`, { network: "http", domains: ["127.0.0.1"] });
    expect({ exit, stdout }).toEqual({ exit: { exitCode: 0 }, stdout: "GET " });
  });
  it("gets result 4 for any other domain", async () => {
    const { stdout } = await run(`${origin}/`, { network: "http", domains: ["other.example"] });
    expect(stdout).toBe("4");
  });
  it("does not start without network http", async () => {
    const { exit } = await run(`${origin}/`, { network: "none" });
    expect(exit.failure).toMatchObject({
      code: "TASK_INVALID",
      why: expect.stringContaining("HTTP needs network http"),
    });
  });
});
