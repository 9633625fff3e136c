import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hubLoginOf, registryCredentials, registryOf } from "./registry-credentials.ts";

const folder = await mkdtemp(join(tmpdir(), "shoal-logins-"));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(content: unknown): Promise<string> {
  const file = join(folder, `${Math.random()}.json`);
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

const hub = { username: "hub-user", password: "hub-secret" };
const own = { username: "user", password: "pass:word" };

describe("the logins for registries", () => {
  it.each([
    ["alpine:3", "docker.io"],
    ["library/alpine", "docker.io"],
    ["index.docker.io/library/alpine", "docker.io"],
    ["localhost/tool", "localhost"],
    ["localhost:5000/tool:1", "localhost:5000"],
    ["Registry.example/team/tool@sha256:1", "registry.example"],
  ])("find the registry of %s", (image, registry) => expect(registryOf(image)).toBe(registry));

  it("are read from both forms of Docker's file, and for the hub from the environment", async () => {
    const auth = Buffer.from(`${own.username}:${own.password}`).toString("base64");
    const file = await fileOf({ auths: { "registry.example": { auth }, "https://other.example/v1/": own } });
    const credentials = registryCredentials({ file, hub });
    expect(await credentials("registry.example/tool:1")).toEqual(own);
    expect(await credentials("other.example/tool:1")).toMatchObject(own);
    expect(await credentials("alpine:3")).toEqual(hub);
    expect(await credentials("third.example/tool:1")).toBeUndefined();
    const named = await fileOf({ auths: { "https://index.docker.io/v1/": own } });
    expect(await registryCredentials({ file: named, hub })("alpine:3")).toMatchObject(own);
  });

  it.each([
    ["no JSON", "secret-text"],
    ["another form", { auths: { "registry.example": { password: "secret-text" } } }],
  ])("do not appear in the refusal of a file with %s", async (_, content) => {
    const failure: unknown = await registryCredentials({ file: await fileOf(content) })("a.example/x").catch((f) => f);
    expect(failure).toMatchObject({ code: "ENGINE_FAILED", why: expect.stringContaining("docker.credentialsFile") });
    expect(JSON.stringify(failure)).not.toContain("secret-text");
    expect(String(failure)).not.toContain("secret-text");
  });

  it("for the hub need both variables", () => {
    expect(hubLoginOf({ DOCKER_USERNAME: "u", DOCKER_PASSWORD: "p" })).toEqual({ username: "u", password: "p" });
    expect(hubLoginOf({ DOCKER_USERNAME: "u" })).toBeUndefined();
  });
});
