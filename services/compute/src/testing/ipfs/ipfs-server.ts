import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { type UnixFS, unixfs } from "@helia/unixfs";
import { MemoryBlockstore } from "blockstore-core";
import { CID } from "multiformats";

/** Helia's UnixFS and block store behind the RPC API of Kubo, on loopback, as far as a compute node uses it. */
export interface IpfsServer extends AsyncDisposable {
  /** The multiaddr of the API. */
  readonly address: string;
  readonly blocks: MemoryBlockstore;
  readonly files: UnixFS;
  /** Commands so far. */
  readonly requests: string[];
  /** Changes what the node sends for blocks; undefined breaks the connection off. */
  onBlock(change: ((bytes: Uint8Array) => Uint8Array | undefined) | undefined): void;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startIpfsServer(): Promise<IpfsServer> {
  const blocks = new MemoryBlockstore();
  const files = unixfs({ blockstore: blocks });
  const requests: string[] = [];
  let change: ((bytes: Uint8Array) => Uint8Array | undefined) | undefined;

  const commands: Readonly<
    Record<string, (url: URL, request: IncomingMessage) => Promise<Uint8Array | string | undefined>>
  > = {
    "/api/v0/version": async () => JSON.stringify({ Version: "0.39.0" }),
    async "/api/v0/block/get"(url) {
      const cid = CID.parse(url.searchParams.get("arg") ?? "");
      if (!(await blocks.has(cid)))
        throw new Error(`block was not found locally (offline): ipld: could not find ${cid}`);
      const chunks: Uint8Array[] = [];
      for await (const chunk of blocks.get(cid)) chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      return change === undefined ? bytes : change(bytes);
    },
    async "/api/v0/add"(url, request) {
      if (url.searchParams.get("pin") !== "true") throw new Error("expected to pin what is added");
      const lines: string[] = [];
      const options = { cidVersion: 1 as const, rawLeaves: url.searchParams.get("raw-leaves") === "true" };
      for await (const { path = "", cid } of files.addAll(candidates(await formOf(request)), options))
        lines.push(JSON.stringify({ Name: path, Hash: cid.toString() }));
      return `${lines.join("\n")}\n`;
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://ipfs");
    requests.push(url.pathname);
    const command = commands[url.pathname];
    if (request.method !== "POST" || command === undefined) return void response.writeHead(405).end();
    const body = await command(url, request);
    if (body === undefined) return void response.destroy();
    response.writeHead(200).end(body);
  }
  const server = createServer((request, response) => {
    serve(request, response).catch((failure: unknown) => {
      const body = { Message: failure instanceof Error ? failure.message : "", Code: 0, Type: "error" };
      response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ address: `/ip4/127.0.0.1/tcp/${port}`, blocks, files, requests },
    onBlock(next) {
      change = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The parts of a form, read by the platform's own parser. */
async function formOf(request: IncomingMessage): Promise<FormData> {
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  return new Response(Readable.toWeb(request), { headers }).formData();
}

/** As Kubo reads a form: names are percent-encoded, and what a folder contains follows the folder directly. */
function* candidates(form: FormData): Generator<{ path: string; content?: AsyncIterable<Uint8Array> }> {
  const open: string[] = [];
  for (const part of form.getAll("file")) {
    if (typeof part === "string") throw new Error("expected files");
    const path = decodeURIComponent(part.name);
    while (open.length > 0 && !path.startsWith(`${open.at(-1)}/`)) open.pop();
    if (path.includes("/") && open.at(-1) !== path.slice(0, path.lastIndexOf("/")))
      throw new Error(`${path} does not follow its folder`);
    if (part.type !== "application/x-directory") yield { path, content: part.stream() };
    else {
      open.push(path);
      yield { path };
    }
  }
}
