import { createManualClock } from "@shoal/core/testing";
import { systemClock } from "@shoal/node";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type S3Server, startS3Server } from "../../services/compute/src/testing/s3/s3-server.ts";
import { presigner } from "../../services/requester/src/results/presigner.ts";

let server: S3Server;
beforeEach(async () => {
  server = await startS3Server();
  vi.stubEnv("AWS_ACCESS_KEY_ID", server.accessKey.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.accessKey.secretAccessKey);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server[Symbol.asyncDispose]();
});

const object = (key: string) => ({ bucket: server.bucket, key, region: "eu-west-1", endpoint: server.endpoint });

describe("a presigned URL", () => {
  it.each(["j-1/e-1.tar.gz", "a b/ü+'()*!~&=?.tar.gz"])("stores and returns the object %s", async (key) => {
    const presign = presigner(systemClock(), {});
    const put = await presign({ ...object(key), method: "PUT", expiresSeconds: 60 });
    expect((await fetch(put, { method: "PUT", body: "hello" })).status).toBe(200);
    const get = await presign({ ...object(key), method: "GET", expiresSeconds: 60 });
    expect(await (await fetch(get)).text()).toBe("hello");
    expect([...server.objects.keys()]).toEqual([key]);
  });

  it("is valid for its own method and object only", async () => {
    server.put("a.tar.gz", "a");
    server.put("b.tar.gz", "b");
    const get = await presigner(systemClock(), {})({ ...object("a.tar.gz"), method: "GET", expiresSeconds: 60 });
    expect((await fetch(get, { method: "PUT", body: "x" })).status).toBe(403);
    expect((await fetch(get.replace("a.tar.gz", "b.tar.gz"))).status).toBe(403);
    expect((await fetch(get)).status).toBe(200);
  });

  it("expires", async () => {
    server.put("a.tar.gz", "a");
    const past = createManualClock(Date.now() - 61_000);
    const get = await presigner(past, {})({ ...object("a.tar.gz"), method: "GET", expiresSeconds: 60 });
    expect((await fetch(get)).status).toBe(403);
  });

  it("names the bucket as a host at AWS, in the region of the environment", async () => {
    const presign = presigner(systemClock(), { AWS_REGION: "eu-central-1" });
    const at = async (bucket: string) => {
      const url = await presign({ bucket, key: "a/b", region: "", endpoint: "", method: "GET", expiresSeconds: 60 });
      return url.slice(0, url.indexOf("?"));
    };
    expect(await at("data")).toBe("https://data.s3.eu-central-1.amazonaws.com/a/b");
    expect(await at("my.data")).toBe("https://s3.eu-central-1.amazonaws.com/my.data/a/b");
  });

  it("is refused with a sentence when there are no credentials", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", undefined);
    vi.stubEnv("AWS_CONFIG_FILE", "/nonexistent");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    const presigned = presigner(systemClock(), {})({ ...object("a"), method: "GET", expiresSeconds: 60 });
    await expect(presigned).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      why: expect.stringMatching(/no usable AWS credentials for s3:\/\/bucket: .+environment or AWS profile/),
    });
  });
});
