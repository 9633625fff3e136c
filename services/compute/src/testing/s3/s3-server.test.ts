import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type S3Server, startS3Server } from "./s3-server.ts";

let server: S3Server;
let client: S3Client;
const clientWith = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
  new S3Client({ endpoint: server.endpoint, region: "eu-west-1", forcePathStyle: true, maxAttempts: 1, credentials });
beforeEach(async () => {
  server = await startS3Server();
  client = clientWith(server.accessKey);
});
afterEach(async () => {
  client.destroy();
  await server[Symbol.asyncDispose]();
});
const Bucket = "bucket";
const mebibyte = 1024 * 1024;

describe("signatures", () => {
  it("of the AWS SDK are valid, with unusual keys", async () => {
    const Key = "a b/ü+'()*!~&=?.txt";
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "hello" }));
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body?.transformToString()).toBe("hello");
  });
  it("with a wrong secret, another key or none are refused", async () => {
    const { accessKeyId, secretAccessKey } = server.accessKey;
    const get = new GetObjectCommand({ Bucket, Key: "a" });
    const wrong = clientWith({ accessKeyId, secretAccessKey: `${secretAccessKey}x` });
    await expect(wrong.send(get)).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
    const other = clientWith({ accessKeyId: "other", secretAccessKey });
    await expect(other.send(get)).rejects.toMatchObject({ name: "InvalidAccessKeyId" });
    expect((await fetch(`${server.endpoint}/bucket/a`)).status).toBe(403);
  });
  it("do not fit another body or a wrong checksum", async () => {
    client.middlewareStack.add(
      (next) => async (args) => {
        Object.assign(args.request as object, { body: "changed" });
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    await expect(client.send(new PutObjectCommand({ Bucket, Key: "a", Body: "before!" }))).rejects.toMatchObject({
      name: "XAmzContentSHA256Mismatch",
    });
    const wrong = clientWith(server.accessKey);
    const put = new PutObjectCommand({ Bucket, Key: "a", Body: "x", ChecksumCRC32: "AAAAAA==" });
    await expect(wrong.send(put)).rejects.toMatchObject({ name: "BadDigest" });
    expect(server.objects.size).toBe(0);
  });
});

it("lists in pages", async () => {
  for (const key of ["in/a", "in/b", "in/c", "in/d", "in/e", "out"]) server.put(key, key);
  const seen: (string | undefined)[][] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: "in/", ContinuationToken }));
    seen.push((page.Contents ?? []).map(({ Key }) => Key));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  expect(seen).toEqual([["in/a", "in/b"], ["in/c", "in/d"], ["in/e"]]);
});

it("serves ranges, versions and conditions", async () => {
  const old = server.put("a", "old content");
  server.put("a", "new");
  const get = async (more: object) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: "a", ...more }));
    return Body?.transformToString();
  };
  expect(await get({})).toBe("new");
  expect(await get({ VersionId: old.versionId, Range: "bytes=4-" })).toBe("content");
  await expect(get({ IfMatch: old.etag })).rejects.toMatchObject({ name: "PreconditionFailed" });
  await expect(get({ Range: "bytes=3-" })).rejects.toMatchObject({ name: "InvalidRange" });
  await expect(get({ VersionId: "other" })).rejects.toMatchObject({ name: "NoSuchVersion" });
  const create = new PutObjectCommand({ Bucket, Key: "a", Body: "x", IfNoneMatch: "*" });
  await expect(client.send(create)).rejects.toMatchObject({ name: "PreconditionFailed" });
});

describe("a multipart upload", () => {
  it("of lib-storage becomes one object", async () => {
    const Body = Buffer.alloc(11 * mebibyte, "x");
    await new Upload({ client, params: { Bucket, Key: "large", Body } }).done();
    const stored = server.objects.get("large")?.[0];
    expect(stored?.bytes.equals(Body)).toBe(true);
    expect(stored?.etag).toMatch(/^"[0-9a-f]{32}-3"$/);
    expect(server.openUploads()).toBe(0);
  });
  it("is refused with a small part before the last, a wrong order or an unknown part", async () => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: "a" }));
    const upload = async (PartNumber: number) => {
      const part = new UploadPartCommand({ Bucket, Key: "a", UploadId, PartNumber, Body: `${PartNumber}` });
      return { PartNumber, ETag: (await client.send(part)).ETag };
    };
    const [one, two] = [await upload(1), await upload(2)];
    const complete = (...Parts: readonly object[]) =>
      client.send(
        new CompleteMultipartUploadCommand({ Bucket, Key: "a", UploadId, MultipartUpload: { Parts: [...Parts] } }),
      );
    await expect(complete(one, two)).rejects.toMatchObject({ name: "EntityTooSmall" });
    await expect(complete(two, one)).rejects.toMatchObject({ name: "InvalidPartOrder" });
    await expect(complete({ ...one, ETag: '"other"' })).rejects.toMatchObject({ name: "InvalidPart" });
    expect(server.objects.size).toBe(0);
  });
});
