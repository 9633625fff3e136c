import { createReadStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { causeOf, Fault } from "@shoal/core";
import type { Shelf } from "./shelf.ts";

/** Downloads at once; each takes a file descriptor and a socket. */
const connectionsMax = 256;

export interface ResultServerOptions {
  readonly shelf: Shelf;
  /** Where the port is remembered that a port of 0 has led to: links that were given out still lead here after a restart. */
  readonly folder: string;
  readonly address: string;
  readonly port: number;
}

/** Serves the shelf's files over HTTP, and nothing else. */
export interface ResultServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens. Throws Fault CONFIG_INVALID when the address or the port cannot be had. */
export async function serveResults(options: ResultServerOptions): Promise<ResultServer> {
  const { shelf, address, port, folder } = options;
  const server = createServer((request, response) => {
    // A client that goes away in the middle is no failure of ours.
    answer(shelf, request, response).catch(() => response.destroy());
  });
  server.maxConnections = connectionsMax;
  const remembered = port === 0 ? await rememberedPort(folder) : 0;
  const at = remembered === 0 ? port : remembered;
  const actual = await listen(server, at, address).catch((failure: unknown) => {
    if (at === port)
      throw new Fault(
        "CONFIG_INVALID",
        `publishers.local: cannot listen on ${address}:${port}: ${causeOf(failure).why}`,
      );
    return listen(server, 0, address);
  });
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

async function rememberedPort(folder: string): Promise<number> {
  const text = await readFile(portFile(folder), "utf8").catch(() => "");
  return /^\d{1,5}$/.test(text) ? Number(text) : 0;
}

async function remember(folder: string, port: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(portFile(folder), String(port));
}

async function answer(shelf: Shelf, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405);
  const found = await shelf.find((request.url ?? "/").slice(1));
  if (found === undefined) return end(response, 404);
  response.writeHead(200, { "content-type": "application/gzip", "content-length": found.sizeBytes });
  if (request.method === "HEAD") return void response.end();
  await pipeline(createReadStream(found.path), response);
}

const says: Readonly<Record<404 | 405, string>> = {
  404: "no result is kept under this name: it may have been removed by age, run the job again\n",
  405: "results are fetched with GET\n",
};

function end(response: ServerResponse, status: 404 | 405): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" }).end(says[status]);
}
