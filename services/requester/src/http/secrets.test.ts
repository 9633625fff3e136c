import { sampleSpec } from "@shoal/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiHarness, apiHarness } from "../testing/api-harness.ts";

let harness: ApiHarness;
const base = "/api/v1/orchestrator/secrets";

afterEach(async () => {
  await harness?.close();
});

const open = async () => {
  harness = await apiHarness();
  const call = async (method: "GET" | "PUT" | "POST" | "DELETE", path: string, payload?: object | string) => {
    const headers = { "content-type": "application/json" };
    const response = await harness.app.inject({ method, url: `${base}${path}`, ...(payload && { payload, headers }) });
    return { status: response.statusCode, text: response.body, json: response.json() };
  };
  const submit = (env: Record<string, string>, namespace = "default") => {
    const { tasks, ...spec } = sampleSpec({ namespace });
    const payload = { Job: { ...spec, tasks: [{ ...tasks[0], env }] } };
    return harness.app.inject({ method: "PUT", url: "/api/v1/orchestrator/jobs", payload });
  };
  return { call, submit };
};

describe("secrets over the API", () => {
  it("are stored in versions, listed without values by namespace, and deleted", async () => {
    const { call } = await open();
    expect((await call("PUT", "/token", { Value: "hunter2" })).json).toEqual({
      ...{ Namespace: "default", Name: "token", Version: 1 },
    });
    expect((await call("PUT", "/token", { value: "hunter3" })).json).toMatchObject({ Version: 2 });
    await call("PUT", "/token?namespace=team", { Value: "hunter4" });
    const list = async (query: string) => (await call("GET", query)).json.Secrets;
    expect(await list("")).toMatchObject([
      { Namespace: "default", Name: "token", Versions: [{ Version: 1, KeyID: expect.any(String) }, { Version: 2 }] },
    ]);
    expect(await list("?namespace=*")).toHaveLength(2);
    expect(await list("?namespace=team")).toMatchObject([{ Namespace: "team", Versions: [{ Version: 1 }] }]);
    expect((await call("DELETE", "/token")).status).toBe(200);
    expect(await list("?namespace=*")).toMatchObject([{ Namespace: "team" }]);
    expect((await call("DELETE", "/token")).json).toMatchObject({ Status: 404 });
    expect((await call("PUT", "/token", { Value: "hunter5" })).json).toMatchObject({ Version: 3 });
    const everything = JSON.stringify([harness.sim.log.entries, harness.sim.views, harness.warnings]);
    expect(everything).not.toContain("hunter");
  });
  it("are sealed again to the first key, without their values in the answer", async () => {
    const { call } = await open();
    await call("PUT", "/token", { Value: "hunter2" });
    const { json } = await call("POST", "/reseal");
    // One key seals all of them already.
    expect(json).toEqual({ KeyID: expect.stringMatching(/^[0-9a-f]{16}$/), Resealed: 0, Failed: [], Next: "" });
    expect((await call("POST", "/reseal", { After: 7 })).status).toBe(400);
  });
  it.each([
    ["an empty body", undefined, "Value"],
    ["an empty value", { Value: "" }, "expected a value"],
    ["a value that is no text", { Value: { hunter2: "hunter2" } }, "expected a text"],
    ["a value that is too large", { Value: "hunter2".repeat(10_000) }, "at most 32768 bytes"],
    ["a zero byte", { Value: "hunter2\0" }, "zero bytes"],
    ["invalid JSON", '{"Value": "hunter2}', "not valid JSON"],
    ["a text without quotes", '{"Value": hunter2}', "not valid JSON"],
  ])("refuse %s, and do not repeat it", async (_, payload, why) => {
    const { call } = await open();
    const { status, text } = await call("PUT", "/token", payload);
    expect(status).toBe(400);
    expect(text).toContain(why);
    expect(text + JSON.stringify(harness.warnings)).not.toContain("hunter2");
  });
  it.each(["/a.b", "/-a", `/${"x".repeat(254)}`, "/token?namespace=a.b"])("refuse the name %s", async (path) => {
    const { call } = await open();
    expect((await call("PUT", path, { Value: "v" })).status).toBe(400);
  });
});

describe("a job that refers to a secret", () => {
  it("is refused unless the secret exists in its namespace, in that version", async () => {
    const { call, submit } = await open();
    const env = { TOKEN: "secret:token" };
    const refused = await submit(env);
    expect(refused.statusCode).toBe(422);
    expect(refused.json().Message).toContain("secret token does not exist in namespace default");
    await call("PUT", "/token", { Value: "hunter2" });
    expect((await submit(env)).statusCode).toBe(200);
    expect((await submit({ TOKEN: "secret:token@1" })).statusCode).toBe(200);
    expect((await submit({ TOKEN: "secret:token@2" })).json().Message).toContain("version 2 of secret token");
    expect((await submit(env, "team")).statusCode).toBe(422);
    await call("DELETE", "/token");
    expect((await submit(env)).statusCode).toBe(422);
  });
});
