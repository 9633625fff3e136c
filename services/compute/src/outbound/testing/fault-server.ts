import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request; the nth request to a path gets the nth handler, and every later one the last. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on loopback whose answers a test writes. */
export interface FaultServer extends AsyncDisposable {
  /** Serves a path, and returns its URL. */
  serve(path: string, ...handlers: readonly [Handler, ...Handler[]]): string;
  /** Breaks every connection off. */
  breakOff(): void;
  /** The headers of every request to a path, in order. */
  requests(path: string): readonly IncomingMessage["headers"][];
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startFaultServer(): Promise<FaultServer> {
  const paths = new Map<string, readonly Handler[]>();
  const seen = new Map<string, IncomingMessage["headers"][]>();
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://server").pathname;
    const before = seen.get(path) ?? [];
    seen.set(path, [...before, request.headers]);
    const handlers = paths.get(path) ?? [];
    const handler = handlers[Math.min(before.length, handlers.length - 1)];
    if (handler === undefined) response.writeHead(404).end();
    else handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    serve(path, ...handlers) {
      paths.set(path, handlers);
      return `http://127.0.0.1:${port}${path}`;
    },
    breakOff: () => server.closeAllConnections(),
    requests: (path) => seen.get(path) ?? [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with a status and no body. */
export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Handler =>
  (_, response) =>
    void response.writeHead(code, headers).end();

/** Serves bytes, and ranges of them to who proves the same ETag; `etag` may be empty. */
export const file =
  (bytes: Buffer, etag = '"v1"'): Handler =>
  ({ headers }, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1]);
    const tag = etag === "" ? {} : { etag };
    if (Number.isNaN(start) || headers["if-range"] !== etag) {
      response.writeHead(200, { ...tag, "content-length": bytes.length }).end(bytes);
      return;
    }
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    const part = bytes.subarray(start);
    response.writeHead(206, { ...tag, "content-range": range, "content-length": part.length }).end(part);
  };

/** Promises all bytes, sends the first ones, and ends the connection. */
export const breaksAfter =
  (sentBytes: number, bytes: Buffer, etag = '"v1"'): Handler =>
  (_, response) => {
    response.writeHead(200, { ...(etag === "" ? {} : { etag }), "content-length": bytes.length });
    // Ended only when the bytes are on their way: a reset would discard what the client has not read.
    response.write(bytes.subarray(0, sentBytes), () => response.socket?.end());
  };

export interface SilenceOptions {
  readonly onStalled?: () => void;
  readonly etag?: string;
}

/** Promises all bytes, sends the first ones, calls back, and then sends nothing. */
export const stalls =
  (sentBytes: number, bytes: Buffer, { onStalled = () => {}, etag = '"v1"' }: SilenceOptions = {}): Handler =>
  (_, response) => {
    response.writeHead(200, { ...(etag === "" ? {} : { etag }), "content-length": bytes.length });
    response.write(bytes.subarray(0, sentBytes), onStalled);
  };
