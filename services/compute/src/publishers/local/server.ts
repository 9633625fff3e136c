import { createReadStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { causeOf, Fault, hostOfHeader, isLoopback } from "@shoal/core";
import type { FileStore } from "./file-store.ts";

/** Limits of the server's connections. */
const limits = {
  /** Concurrent downloads; each takes a file descriptor and a socket. */
  connectionsMax: 256,
  /** Time limit for the head of a request; a link is short. */
  headersMs: 5000,
  /** Interval at which slow requests are closed. */
  lateCheckMs: 1000,
  /**
   * How long a connection may be idle: longer than a pause of a slow reader's disk. Then its place is free for another
   * reader.
   */
  stillMs: 60_000,
} as const;

export interface ResultServerOptions {
  readonly fileStore: FileStore;
  /** File that stores the port which a port of 0 selected: links returned before a restart stay valid. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** How long a connection may be idle, in milliseconds; default one minute. */
  readonly stillMs?: number;
}

/** Serves the files of a file store over HTTP. */
export interface ResultServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Starts to listen. Throws Fault CONFIG_INVALID when the address or the port is not available. */
export async function serveResults(options: ResultServerOptions): Promise<ResultServer> {
  const { address, port, folder } = options;
  const { headersMs: headersTimeout, lateCheckMs: connectionsCheckingInterval } = limits;
  const server = createServer({ headersTimeout, connectionsCheckingInterval }, (request, response) => {
    // A client that disconnects in the middle is not an error of the server.
    answer(options, request, response).catch(() => response.destroy());
  });
  server.maxConnections = limits.connectionsMax;
  server.setTimeout(options.stillMs ?? limits.stillMs);
  const saved = port === 0 ? await savedPort(folder) : 0;
  const at = saved === 0 ? port : saved;
  const actual = await listen(server, at, address).catch((failure: unknown) => {
    if (at === port)
      throw new Fault(
        "CONFIG_INVALID",
        `publishers.local: cannot listen on ${address}:${port}: ${causeOf(failure).why}`,
      );
    return listen(server, 0, address);
  });
  // A connection that the system could not accept is lost; the others continue.
  server.on("error", () => {});
  if (port === 0) await remember(folder, actual);
  return {
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      const at = server.address();
      resolve(typeof at === "object" && at !== null ? at.port : port);
    });
  });
}

const portFile = (folder: string) => join(folder, "port");

async function savedPort(folder: string): Promise<number> {
  const text = await readFile(portFile(folder), "utf8").catch(() => "");
  return /^\d{1,5}$/.test(text) ? Number(text) : 0;
}

async function remember(folder: string, port: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(portFile(folder), String(port));
}

async function answer(
  { fileStore, address }: ResultServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // No page of another site can embed a result, and no browser renders a result as a page.
  response.setHeader("cross-origin-resource-policy", "same-origin").setHeader("x-content-type-options", "nosniff");
  if (isForeign(address, request.headers.host)) return end(response, 403);
  if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405);
  const found = await fileStore.find((request.url ?? "/").slice(1));
  if (found === undefined) return end(response, 404);
  response.writeHead(200, { "content-type": "application/gzip", "content-length": found.sizeBytes });
  if (request.method === "HEAD") return void response.end();
  await pipeline(createReadStream(found.path), response);
}

/**
 * A server on loopback only accepts loopback names: another name comes from a foreign DNS record, with which a web page
 * could read results that it must not.
 */
function isForeign(address: string, header: string | undefined): boolean {
  if (!isLoopback(address) || header === undefined || header === "") return false;
  const host = hostOfHeader(header);
  return host === undefined || !isLoopback(host);
}

const messages: Readonly<Record<403 | 404 | 405, string>> = {
  403: "results are served to this machine only: use localhost or a loopback address in the link\n",
  404: "no result is stored under this name: it may have expired; run the job again\n",
  405: "use GET to fetch results\n",
};

function end(response: ServerResponse, status: keyof typeof messages): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(messages[status]);
}
