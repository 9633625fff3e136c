import { afterEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { rawRequest } from "../testing/raw-request.ts";

let harness: ApiHarness;
const open = async (options: Parameters<typeof apiHarness>[0] = {}) => {
  harness = await apiHarness(options);
  return harness.app;
};
afterEach(() => harness.close());

const jobs = "/api/v1/orchestrator/jobs";
const alive = "/api/v1/agent/alive";
const feed = "/api/v1/orchestrator/events";
const payload = { Job: { Type: "batch", Tasks: [{ Name: "main", Engine: { Type: "noop", Params: {} } }] } };
const console_ = "https://console.example";

describe("a page of another site", () => {
  const headers = { origin: "https://evil.example" };
  it("may not submit, and gets no CORS headers", async () => {
    const response = await (await open()).inject({ method: "PUT", url: jobs, payload, headers });
    expect(response.json()).toMatchObject({
      Status: 403,
      Code: "Forbidden",
      Message: expect.stringMatching(/http\.origins/),
    });
    expect(Object.keys(response.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    expect(harness.sim.log.entries).toHaveLength(0);
  });
  it.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] as const)("may not send %s to any path", async (method) => {
    expect((await (await open()).inject({ method, url: `${jobs}/j-1`, headers })).statusCode).toBe(403);
  });
  it("cannot read the response", async () => {
    const response = await (await open({ origins: [console_] })).inject({ url: alive, headers });
    expect([response.statusCode, response.headers["access-control-allow-origin"]]).toEqual([200, undefined]);
  });
  it.each([
    ["by its origin", headers],
    ["by what it embeds", { "sec-fetch-site": "cross-site", "sec-fetch-dest": "image" }],
  ])("may open no event feed, detected %s", async (_, known) => {
    expect((await (await open()).inject({ url: feed, headers: known })).statusCode).toBe(403);
  });
  it("does not count as the API's own by a name that its DNS resolves to this address", async () => {
    const rebound = { host: "evil.example:1234", origin: "http://evil.example:1234" };
    const app = await open({ host: "0.0.0.0" });
    expect((await app.inject({ method: "PUT", url: jobs, payload, headers: rebound })).statusCode).toBe(403);
  });
});

describe("a listed page", () => {
  const headers = { origin: console_ };
  it("may send a preflight request, and then submit", async () => {
    const app = await open({ origins: ["https://other.example", console_] });
    const asked = {
      ...headers,
      "access-control-request-method": "PUT",
      "access-control-request-headers": "content-type,authorization",
    };
    const preflight = await app.inject({ method: "OPTIONS", url: jobs, headers: asked });
    expect([preflight.statusCode, preflight.headers]).toMatchObject([
      204,
      {
        "access-control-allow-origin": console_,
        "access-control-allow-methods": expect.stringContaining("PUT"),
        "access-control-allow-headers": expect.stringContaining("authorization"),
        vary: "origin",
      },
    ]);
    const response = await app.inject({ method: "PUT", url: jobs, payload, headers });
    expect([response.statusCode, response.headers["access-control-allow-origin"]]).toEqual([200, console_]);
  });
  it("can read the reason of a refusal", async () => {
    const response = await (await open({ origins: [console_] })).inject({ url: `${jobs}/j-none`, headers });
    expect([response.statusCode, response.headers["access-control-allow-origin"]]).toEqual([404, console_]);
  });
});

describe("a page that this API serves", () => {
  it.each([
    ["localhost:1234", "http://localhost:1234", {}],
    ["[::1]:1234", "http://[::1]:1234", {}],
    ["shoal.example", "https://shoal.example", { publicUrl: "https://shoal.example/" }],
    ["10.0.0.1:1234", "http://10.0.0.1:1234", { host: "0.0.0.0" }],
  ])("at %s may submit", async (host, origin, options) => {
    const headers = { host, origin };
    const response = await (await open(options)).inject({ method: "PUT", url: jobs, payload, headers });
    expect(response.statusCode).toBe(200);
  });
  it("is not one at another port", async () => {
    const headers = { host: "localhost:1234", origin: "http://localhost:8080" };
    expect((await (await open()).inject({ method: "PUT", url: jobs, payload, headers })).statusCode).toBe(403);
  });
});

describe("while the API listens on loopback, a Host", () => {
  it.each([
    "localhost",
    "localhost:9",
    "127.0.0.1:1234",
    "127.8.8.8",
    "[::1]:1234",
    "shoal.example",
    "SHOAL.example:444",
    "",
  ])("of %j is answered", async (host) => {
    const app = await open({ publicUrl: "https://shoal.example:8443" });
    expect((await app.inject({ url: alive, headers: { host } })).statusCode).toBe(200);
  });
  it.each(["evil.example", "evil.example:1234", "localhost.evil.example", "0.0.0.0:1234", "10.0.0.1"])(
    "of %j is refused, reads included",
    async (host) => {
      const response = await (await open()).inject({ url: alive, headers: { host } });
      expect(response.json()).toMatchObject({ Status: 403, Message: expect.stringMatching(/http\.publicUrl/) });
    },
  );
  it.each(["a b", "user@localhost", "localhost:port", "[::1"])("of %j is not a valid host", async (host) => {
    expect((await (await open()).inject({ url: alive, headers: { host } })).statusCode).toBe(400);
  });
  it("may be absent from an HTTP/1.0 client, and from no other", async () => {
    await open();
    await harness.api.start();
    expect(await rawRequest(harness.api.url(), `GET ${alive} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await rawRequest(harness.api.url(), `GET ${alive} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it("answers any Host when it listens for other machines", async () => {
  const app = await open({ host: "0.0.0.0" });
  expect((await app.inject({ url: alive, headers: { host: "requester-1.internal:1234" } })).statusCode).toBe(200);
});
