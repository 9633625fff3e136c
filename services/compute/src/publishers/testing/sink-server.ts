import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** An S3 store that accepts everything and keeps nothing, for measurements. */
export interface SinkServer extends AsyncDisposable {
  readonly endpoint: string;
  /** Bytes of all bodies so far. */
  receivedBytes(): number;
}

/** Starts a sink on a free port of 127.0.0.1. */
export async function startSinkServer(): Promise<SinkServer> {
  let received = 0;
  const server = createServer((request, response) => {
    request.on("data", (chunk: Buffer) => {
      received += chunk.length;
    });
    request.on("end", () => {
      const { searchParams: query } = new URL(request.url ?? "/", "http://sink");
      const body = query.has("uploads")
        ? "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        : request.method === "POST"
          ? "<CompleteMultipartUploadResult><ETag>e</ETag></CompleteMultipartUploadResult>"
          : "";
      response.writeHead(200, { etag: '"e"' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    receivedBytes: () => received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
