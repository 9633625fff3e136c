import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";
import type { S3Server } from "./s3-server.ts";

/** The part of the strict server's interface that s3rver offers too. */
export type SecondS3Server = Pick<S3Server, "endpoint" | "bucket" | "accessKey" | "requests" | "breakOff"> &
  AsyncDisposable;

const bucket = "bucket";

/**
 * Starts s3rver, an S3 server of other authors, on a free port of 127.0.0.1, with its objects in a temporary folder. It
 * has no versions, and accepts every signature of its one access key.
 */
export async function startS3rver(): Promise<SecondS3Server> {
  const directory = await mkdtemp(join(tmpdir(), "shoal-s3rver-"));
  const s3rver = new S3rver({
    directory,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: bucket, configs: [] }],
  });
  await s3rver.configureBuckets();
  const handle = s3rver.callback();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push(`${request.method} ${request.url}${range === undefined ? "" : ` ${range}`}`);
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ endpoint: `http://127.0.0.1:${port}`, bucket, requests },
    // The one that s3rver knows.
    accessKey: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    breakOff: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
