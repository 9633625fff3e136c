import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type Docker from "dockerode";
import { extract } from "tar-stream";
import { z } from "zod";

/** A registry on loopback that serves one image over plain HTTP, which engines allow there. */
export interface ImageRegistry {
  /** The name by which an engine pulls the image. */
  readonly image: string;
  /** The image by its digest. */
  readonly pinned: string;
  /** Address and port. */
  readonly host: string;
  /** The name of a missing image in this registry. */
  readonly absent: string;
  /** The number of requests for each path. */
  readonly asked: ReadonlyMap<string, number>;
  /** From now on requests with this in their path get no response. */
  bidServer(part: string): void;
  /** From now on all requests get a response. */
  resume(): void;
  close(): Promise<void>;
}

interface RegistryOptions {
  /** Who may read; anyone when left out. */
  readonly login?: { readonly username: string; readonly password: string };
  /** What the image says it runs on, instead of the truth. */
  readonly architecture?: string;
}

interface Blob {
  readonly mediaType: string;
  readonly bytes: Buffer;
  readonly digest: string;
  readonly size: number;
}

const types = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const Saved = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })]);

/** Exports an image from an engine and serves it; it has the routes of the OCI distribution API, version 2, that a pull needs. */
export async function imageRegistry(
  docker: Docker,
  source: string,
  { login, architecture }: RegistryOptions = {},
): Promise<ImageRegistry> {
  const { manifest, blobs } = await exportImage(docker, source, architecture);
  const expected = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString("base64")}`;
  const asked = new Map<string, number>();
  let stalled: string | undefined;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.set(path, (asked.get(path) ?? 0) + 1);
    if (stalled !== undefined && path.includes(stalled)) return;
    if (expected !== undefined && request.headers.authorization !== expected) {
      const errors = [{ code: "UNAUTHORIZED", message: "authentication required" }];
      response.writeHead(401, { "www-authenticate": 'Basic realm="held"' }).end(JSON.stringify({ errors }));
    } else if (path === "/v2/") response.end("{}");
    else if (path.startsWith("/v2/held/manifests/")) serve(response, manifest, request.method);
    else serve(response, blobs.get(path.replace("/v2/held/blobs/", "")), request.method);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const host = `127.0.0.1:${typeof address === "object" ? address?.port : address}`;
  return {
    image: `${host}/held:1`,
    pinned: `${host}/held@${manifest.digest}`,
    host,
    absent: `${host}/absent:1`,
    asked,
    bidServer: (part) => {
      stalled = part;
    },
    resume: () => {
      stalled = undefined;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(response: ServerResponse, blob: Blob | undefined, method: string | undefined): void {
  if (blob === undefined) {
    const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
    response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ errors }));
    return;
  }
  const { mediaType, size, digest, bytes } = blob;
  response.writeHead(200, { "content-type": mediaType, "content-length": size, "docker-content-digest": digest });
  response.end(method === "HEAD" ? undefined : bytes);
}

async function exportImage(
  docker: Docker,
  source: string,
  architecture: string | undefined,
): Promise<{ manifest: Blob; blobs: ReadonlyMap<string, Blob> }> {
  const files = await filesOf(await docker.getImage(source).get());
  const file = (name: string): Buffer => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new Error(`the engine's export of ${source} has no ${name}`);
    return bytes;
  };
  const [{ Config, Layers }] = Saved.parse(JSON.parse(file("manifest.json").toString()));
  const imageConfig: object = JSON.parse(file(Config).toString());
  const config = blob(
    types.config,
    architecture === undefined ? file(Config) : Buffer.from(JSON.stringify({ ...imageConfig, architecture })),
  );
  const layers = Layers.map((name) => blob(types.layer, gzipSync(file(name))));
  const reference = ({ mediaType, size, digest }: Blob) => ({ mediaType, size, digest });
  const body = {
    schemaVersion: 2,
    mediaType: types.manifest,
    config: reference(config),
    layers: layers.map(reference),
  };
  const manifest = blob(types.manifest, Buffer.from(JSON.stringify(body)));
  return { manifest, blobs: new Map([config, ...layers].map((each) => [each.digest, each])) };
}

function blob(mediaType: string, bytes: Buffer): Blob {
  return { mediaType, bytes, size: bytes.length, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

async function filesOf(archive: NodeJS.ReadableStream): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  const unpacking = extract();
  archive.pipe(unpacking);
  for await (const entry of unpacking) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) if (chunk instanceof Buffer) chunks.push(chunk);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}
