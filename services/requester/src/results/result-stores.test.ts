import type { ExecutionEntity, SpecConfig } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { createResultStores } from "./index.ts";
import type { PresignRequest } from "./presigner.ts";

const settings = {
  s3: { presigned: true, expiresMs: 90_000, buckets: [] as readonly string[] },
  s3managed: { bucket: "managed", prefix: "shoal/", region: "eu-west-1", endpoint: "", expiresMs: 60_000 },
};

/** The link of a reported result, and what was signed for it. */
async function linkOf(
  publishedResult: SpecConfig,
  {
    publisher = { type: "", params: {} },
    with: changed = settings,
  }: { publisher?: SpecConfig; with?: typeof settings } = {},
) {
  const signed: PresignRequest[] = [];
  const presign = async (request: PresignRequest) => {
    signed.push(request);
    return `https://signed/${request.key}`;
  };
  const stores = createResultStores(changed, { presign, logger: { info() {}, warn() {} } });
  const execution = { id: "e-1", jobId: "j-1", nodeId: "n-1", publishedResult } as unknown as ExecutionEntity;
  const store = stores.get(publishedResult.type);
  return { link: await store?.link({ execution, publisher, baseUrl: "http://api" }), signed };
}

const publisher = {
  type: "s3",
  params: { bucket: "data", Key: "/r/{jobID}/{executionID}-{date}T{time}.{nodeID}", Endpoint: "http://s3:9000" },
};
const key = "r/j-1/e-1-20261122T061500.n-1.tar.gz";
const place = (more: object = {}) => ({
  type: "s3",
  params: { Bucket: "data", Key: key, Endpoint: "http://s3:9000", ...more },
});

describe("the results of the publisher s3", () => {
  it("are presigned, in Bacalhau's form", async () => {
    const { link, signed } = await linkOf(place(), { publisher });
    expect(link).toEqual({
      type: "s3PreSigned",
      params: {
        PreSignedURL: `https://signed/${key}`,
        Managed: false,
        SourceSpec: expect.objectContaining({ Bucket: "data", Key: key, Endpoint: "http://s3:9000", Region: "" }),
      },
    });
    expect(signed).toMatchObject([{ method: "GET", bucket: "data", key, expiresSeconds: 90 }]);
  });

  it.each([
    ["another bucket", place({ Bucket: "payroll" })],
    ["another endpoint", place({ Endpoint: "http://evil" })],
    ["another region", place({ Region: "us-east-1" })],
    ["another job's key", place({ Key: key.replace("j-1", "j-2") })],
    ["another execution's key", place({ Key: key.replace("e-1", "e-2") })],
    ["a key that only begins as planned", place({ Key: `${key}/../x.tar.gz` })],
    ["a date that is none", place({ Key: key.replace("20261122", "secret") })],
    ["a folder", place({ Key: `${key}/` })],
  ])("are not signed when the node reports %s than the task's publisher names", async (_what, reported) => {
    expect(await linkOf(reported, { publisher })).toEqual({ link: reported, signed: [] });
  });

  it("are not signed for a task with another publisher", async () => {
    const other = { ...publisher, type: "local" };
    expect(await linkOf(place(), { publisher: other })).toEqual({ link: place(), signed: [] });
  });

  it("are not signed when it is turned off, or for a bucket that is not listed", async () => {
    const off = { ...settings, s3: { ...settings.s3, presigned: false } };
    expect(await linkOf(place(), { publisher, with: off })).toEqual({ link: place(), signed: [] });
    const listed = (bucket: string) => ({ ...settings, s3: { ...settings.s3, buckets: [bucket] } });
    expect((await linkOf(place(), { publisher, with: listed("other") })).signed).toEqual([]);
    expect((await linkOf(place(), { publisher, with: listed("data") })).signed).toHaveLength(1);
  });

  it("stay as they are when nothing can be signed", async () => {
    const presign = async () => {
      throw new Error("no credentials");
    };
    const warnings: object[] = [];
    const logger = { info() {}, warn: (facts: object) => void warnings.push(facts) };
    const store = createResultStores(settings, { presign, logger }).get("s3");
    const execution = {
      id: "e-1",
      jobId: "j-1",
      nodeId: "n-1",
      publishedResult: place(),
    } as unknown as ExecutionEntity;
    expect(await store?.link({ execution, publisher, baseUrl: "" })).toEqual(place());
    expect(warnings).toHaveLength(1);
  });
});

describe("the results of the publisher s3managed", () => {
  const reported = { type: "s3managed", params: { Bucket: "payroll", Key: "secret" } };
  it("are presigned for the execution's own object, whatever the node reports", async () => {
    const { link, signed } = await linkOf(reported);
    expect(signed).toMatchObject([
      { method: "GET", bucket: "managed", key: "shoal/j-1/e-1.tar.gz", expiresSeconds: 60 },
    ]);
    expect(link).toMatchObject({ type: "s3PreSigned", params: { Managed: true } });
  });
  it("are refused with a sentence when this requester has no bucket", async () => {
    const none = { ...settings, s3managed: { ...settings.s3managed, bucket: "" } };
    await expect(linkOf(reported, { with: none })).rejects.toMatchObject({
      code: "RESULT_NOT_FOUND",
      why: expect.stringContaining("results.s3managed.bucket"),
    });
  });
});
