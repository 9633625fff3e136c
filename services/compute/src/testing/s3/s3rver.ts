import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
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
  completeWrites(Reflect.get(s3rver, "store") as FileStore);
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

interface Written {
  readonly size: number;
}

/** The part of s3rver's store that writes files. */
interface FileStore {
  putObject(object: { readonly bucket: string; readonly key: string }): Promise<Written>;
  putPart(...part: readonly [bucket: string, uploadId: string, number: number, content: unknown]): Promise<Written>;
  getResourcePath(bucket: string, key: string | undefined, resource: "object" | "uploads"): string;
}

/** s3rver 3.7.1 answers a PUT when it has received it, not when its file is complete: a client could read the first part. */
function completeWrites(store: FileStore): void {
  const { putObject, putPart } = store;
  store.putObject = async (object) =>
    complete(store.getResourcePath(object.bucket, object.key, "object"), await putObject.call(store, object));
  store.putPart = async (...part) => {
    const [bucket, uploadId, number] = part;
    const uploads = store.getResourcePath(bucket, undefined, "uploads");
    return complete(join(uploads, uploadId, `${number}`), await putPart.call(store, ...part));
  };
}

async function complete(path: string, written: Written): Promise<Written> {
  const sizeOf = () =>
    stat(path).then(
      ({ size }) => size,
      () => -1,
    );
  while ((await sizeOf()) < written.size) await setImmediate();
  return written;
}
