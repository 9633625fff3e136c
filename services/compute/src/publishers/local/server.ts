import { createReadStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { causeOf, Fault, hostOfHeader, isLoopback } from "@shoal/core";
import type { FileStore } from "./file-store.ts";

/** What bounds the server's connections. */
const limits = {
  /** Downloads at once; each takes a file descriptor and a socket. */
  connectionsMax: 256,
  /** How long the head of a request may take; a link is short. */
  headersMs: 5000,
  /** How often late senders are looked for. */
  lateCheckMs: 1000,
  /** How long a connection may stand still: longer than a slow reader's disk, and then its place is another's. */
  stillMs: 60_000,
} as const;

export interface ResultServerOptions {
  readonly fileStore: FileStore;
  /** Where the port is remembered that a port of 0 has led to: links that were given out still lead here after a restart. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** How long a connection may stand still, in milliseconds; a minute when left out. */
  readonly stillMs?: number;
}

/** Serves the shelf's files over HTTP, and nothing else. */
export interface ResultServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. Throws Fault CONFIG_INVALID when the address or the port cannot be had. */
export async function serveResults(options: ResultServerOptions): Promise<ResultServer> {
  const { address, port, folder } = options;
  const { headersMs: headersTimeout, lateCheckMs: connectionsCheckingInterval } = limits;
  const server = createServer({ headersTimeout, connectionsCheckingInterval }, (request, response) => {
    // A client that goes away in the middle is no failure of ours.
    answer(options, request, response).catch(() => response.destroy());
  });
  server.maxConnections = limits.connectionsMax;
  server.setTimeout(options.stillMs ?? limits.stillMs);
  const remembered = port === 0 ? await savedPort(folder) : 0;
  const at = remembered === 0 ? port : remembered;
  const actual = await listen(server, at, address).catch((failure: unknown) => {
    if (at === port)
      throw new Fault(
        "CONFIG_INVALID",
        `publishers.local: cannot listen on ${address}:${port}: ${causeOf(failure).why}`,
      );
    return listen(server, 0, address);
  });
  // A connection that the system could not hand over is lost; the others go on.
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
  // No page of another site embeds a result, and no browser takes one for a page.
  response.setHeader("cross-origin-resource-policy", "same-origin").setHeader("x-content-type-options", "nosniff");
  if (isForeign(address, request.headers.host)) return end(response, 403);
  if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405);
  const found = await fileStore.find((request.url ?? "/").slice(1));
  if (found === undefined) return end(response, 404);
  response.writeHead(200, { "content-type": "application/gzip", "content-length": found.sizeBytes });
  if (request.method === "HEAD") return void response.end();
  await pipeline(createReadStream(found.path), response);
}

/** While only this machine is listened to, a name that is not loopback's was led here by somebody's DNS, to read what a page may not. */
function isForeign(address: string, header: string | undefined): boolean {
  if (!isLoopback(address) || header === undefined || header === "") return false;
  const host = hostOfHeader(header);
  return host === undefined || !isLoopback(host);
}

const summary: Readonly<Record<403 | 404 | 405, string>> = {
  403: "results are served to this machine alone: use localhost or a loopback address in the link\n",
  404: "no result is kept under this name: it may have been removed by age, run the job again\n",
  405: "results are fetched with GET\n",
};

function end(response: ServerResponse, status: keyof typeof summary): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(summary[status]);
}
