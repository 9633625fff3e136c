import { generateKeyPairSync, sign } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";
import { jobIdOf, submitted } from "../testing/sample-jobs.ts";
import { apiLimits } from "./limits.ts";

let harness: ApiHarness;
const open = async (options: Parameters<typeof apiHarness>[0] = {}) => {
  harness = await apiHarness(options);
  return harness.app;
};
afterEach(async () => {
  await harness.close();
});

describe("the HTTP layer", () => {
  it.each([
    ["/", "/api/v1/agent/version"],
    ["/version", "/api/v1/agent/version"],
    ["/livez", "/api/v1/agent/alive"],
  ])("redirects %s to %s", async (from, to) => {
    const response = await (await open()).inject({ url: from });
    expect([response.statusCode, response.headers.location]).toEqual([301, to]);
  });
  it("reports that it is alive, and its API version", async () => {
    const app = await open();
    expect((await app.inject({ url: "/api/v1/agent/alive" })).json()).toEqual({ Status: "OK" });
    const response = await app.inject({ url: "/api/v1/agent/version" });
    expect(response.json()).toMatchObject({
      Major: "1",
      Minor: "9",
      GitVersion: expect.stringMatching(/^v1\.9\.\d+$/),
    });
    expect(response.headers).toMatchObject({
      "x-bacalhau-git-version": response.json().GitVersion,
      "x-request-id": expect.any(String),
    });
    expect((await app.inject({ url: "/api/v1/agent/node" })).json()).toMatchObject({
      NodeID: "r-bench",
      NodeType: "Requester",
    });
  });
  it.each([
    ["GET", "/nowhere"],
    ["PATCH", "/api/v1/orchestrator/jobs"],
    ["GET", "/api/v1/orchestrator/jobs/a/b/c"],
  ] as const)("answers 404 to %s %s", async (method, url) => {
    const response = await (await open()).inject({ method, url });
    expect(response.json()).toMatchObject({
      Status: 404,
      Code: "NotFound",
      Component: "APIServer",
      Message: expect.stringContaining(url),
    });
  });
  it.each(["/api/v1/orchestrator/jobs/%", "/api/v1/orchestrator/jobs/%ff"])(
    "refuses %s, which is not a valid path",
    async (url) => {
      expect((await (await open()).inject({ url })).statusCode).toBe(400);
    },
  );
  it.each([
    ["v1.3.9", 403],
    ["v1.4.0", 200],
    ["v0.0.0-xxxxxxx", 200],
    ["v2.0.0", 200],
    ["junk", 400],
  ])("answers a client of version %s with %i", async (version, status) => {
    const headers = { "x-bacalhau-git-version": version };
    const response = await (await open()).inject({ url: "/api/v1/agent/alive", headers });
    expect(response.statusCode).toBe(status);
    if (status !== 200) expect(response.json()).toHaveProperty("Error");
  });
  it("refuses a client above its rate limit, until time has passed", async () => {
    const app = await open({ requestsPerSecond: 2 });
    const ask = async () => (await app.inject({ url: "/api/v1/agent/alive" })).statusCode;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
    await harness.pass(1000);
    expect(await ask()).toBe(200);
  });
  it("gives internal errors an id that is in the log too", async () => {
    const app = await open({ results: { open: () => Promise.reject(new Error("a wire is loose")) } });
    const response = await app.inject({ url: "/api/v1/orchestrator/results/n-one/x.tar.gz" });
    expect(response.json()).toMatchObject({
      Status: 500,
      Code: "InternalError",
      RequestID: response.headers["x-request-id"],
    });
    expect(harness.warnings).toMatchObject([{ requestId: response.headers["x-request-id"] }]);
  });
  it("ends a response that takes too long", async () => {
    const app = await open({ results: { open: () => new Promise(() => {}) } });
    const asked = app.inject({ url: "/api/v1/orchestrator/results/n-one/x.tar.gz" }).then((response) => response);
    await expect.poll(() => harness.sim.clock.planned()).toBeGreaterThan(0);
    await harness.pass(apiLimits.handlerMs);
    expect((await asked).json()).toMatchObject({ Status: 503, Code: "TimeOut" });
  });
  it("returns a result as it was published", async () => {
    const bytes = () => new Blob([new Uint8Array([1, 2, 3])]).stream();
    const app = await open({ results: { open: async () => ({ sizeBytes: 3, bytes: bytes() }) } });
    const response = await app.inject({ url: "/api/v1/orchestrator/results/n-one/e-1.tar.gz" });
    expect([...response.rawPayload]).toEqual([1, 2, 3]);
    expect(response.headers).toMatchObject({ "content-type": "application/gzip", "content-length": "3" });
  });
  it("answers a plain request for a log with 400", async () => {
    const app = await open();
    await submitted(harness, jobIdOf(1));
    expect((await app.inject({ url: `/api/v1/orchestrator/jobs/${jobIdOf(1)}/logs` })).json()).toMatchObject({
      Status: 400,
    });
  });
});

describe("the key challenge", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const phraseOf = (body: { Methods: { ClientKey: { params: { InputPhrase: string } } } }) =>
    Buffer.from(body.Methods.ClientKey.params.InputPhrase, "base64");
  const answer = (signature: Buffer, der = publicKey.export({ type: "pkcs1", format: "der" })) => {
    const data = { PhraseSignature: signature.toString("base64"), PublicKey: der.toString("base64") };
    return { Name: "ClientKey", MethodData: Buffer.from(JSON.stringify(data)).toString("base64") };
  };
  const post = async (payload: object) =>
    (await harness.app.inject({ method: "POST", url: "/api/v1/auth/ClientKey", payload })).json();
  const challenge = async () => phraseOf((await (await open()).inject({ url: "/api/v1/auth" })).json());

  it("gives a token to a client that has the key, in either form of key", async () => {
    const phrase = await challenge();
    const signature = sign("sha256", phrase, privateKey);
    const spki = publicKey.export({ type: "spki", format: "der" });
    for (const body of [answer(signature), answer(signature, spki)])
      expect(await post(body)).toEqual({
        Authentication: { success: true, token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) },
      });
  });
  it.each([
    ["another phrase", () => answer(sign("sha256", Buffer.from("other"), privateKey))],
    ["no key", () => answer(sign("sha256", Buffer.from("x"), privateKey), Buffer.from("junk"))],
    ["no JSON", () => ({ MethodData: Buffer.from("junk").toString("base64") })],
    ["too much", () => ({ MethodData: Buffer.from(`[${"0,".repeat(20_000)}0]`).toString("base64") })],
    ["nothing", () => ({})],
  ])("refuses %s", async (_, body) => {
    await challenge();
    expect(await post(body())).toMatchObject({ Status: 401, Code: "Unauthorized", Authentication: { success: false } });
  });
  it("rejects an expired phrase", async () => {
    const phrase = await challenge();
    const body = answer(sign("sha256", phrase, privateKey));
    await harness.pass(601_000);
    expect(await post(body)).toMatchObject({ Status: 401 });
  });
  it("has no other method", async () => {
    await open();
    expect((await harness.app.inject({ url: "/api/v1/auth/other" })).json()).toMatchObject({ Status: 404 });
  });
});
