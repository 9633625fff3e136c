import { access, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { UploadClient } from "@shoal/core";
import type { UploadAnswer, UploadRequest } from "@shoal/proto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { publisherContract } from "../contract.ts";
import { unpack } from "../testing/unpack.ts";
import { s3managed } from "./s3managed.ts";

let server: Server;
let origin = "";
let refusing = 0;
const stored = new Map<string, Buffer>();
let folder = "";
beforeAll(async () => {
  server = createServer(async (request, response) => {
    if (refusing > 0 || request.method !== "PUT" || request.headers["content-length"] === undefined)
      return void response.writeHead(refusing || 411).end();
    stored.set(request.url ?? "", await buffer(request));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(async () => {
  refusing = 0;
  stored.clear();
  folder = join(await mkdtemp(join(tmpdir(), "shoal-managed-")), "results");
});
afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const granting: UploadClient = {
  upload: async ({ jobId, executionId }: UploadRequest) => {
    const key = `${jobId}/${executionId}.tar.gz`;
    return { granted: true, url: `${origin}/managed/${key}`, bucket: "managed", key };
  },
};
const answering = (answer: UploadAnswer | undefined): UploadClient => ({ upload: async () => answer });
const create = (uploads = granting, loopback = true, limitBytes = 10_000_000) =>
  s3managed({ uploads, reach: { loopback, linkLocal: false }, limitBytes });

publisherContract("s3managed", {
  publisher: () => create(),
  fetch: async ({ type, params }) => {
    expect(type).toBe("s3managed");
    return unpack(stored.get(`/${params["Bucket"]}/${params["Key"]}`) ?? Buffer.alloc(0));
  },
});

describe("s3managed", () => {
  async function publish(publisher = create()) {
    await mkdir(folder);
    await writeFile(join(folder, "stdout"), "hello");
    const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1" };
    return publisher.publish({ ...identity, params: {}, folder, signal: new AbortController().signal });
  }
  const isThere = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );

  it.each([
    ["no requester answers", () => create(answering(undefined)), /no requester answered/],
    ["a requester refuses", () => create(answering({ granted: false, why: "because" })), /granted no upload: because/],
    ["the address is not allowed", () => create(granting, false), /outbound.loopback is off/],
  ])("fails with the reason when %s, and leaves no archive", async (_what, publisher, why) => {
    await expect(publish(publisher())).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      why: expect.stringMatching(why),
    });
    expect(await isThere(`${folder}-e-1.tar.gz`)).toBe(false);
  });

  it("fails with the store's answer, without the query of the URL", async () => {
    refusing = 403;
    const url = `${origin}/managed/x?X-Amz-Signature=secret`;
    const failing = publish(create(answering({ granted: true, url, bucket: "b", key: "x" })));
    await expect(failing).rejects.toMatchObject({ why: expect.stringMatching(/managed\/x: answered 403$/) });
  });

  it("removes its archive once it is stored", async () => {
    await publish();
    expect(await isThere(`${folder}-e-1.tar.gz`)).toBe(false);
    expect(stored.size).toBe(1);
  });
});
