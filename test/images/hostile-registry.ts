import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

/** A registry on loopback that attacks the engine that pulls from it. Each image name is another attack. */
export interface HostileRegistry {
  /** The image of this attack. */
  image(attack: Attack): string;
  /** The response of the simulated metadata service, which listens on another loopback address. */
  readonly secret: string;
  /** The number of requests to the metadata service. */
  readonly metadataAsked: () => number;
  /** The bytes of layers sent so far. */
  readonly sentBytes: () => number;
  close(): Promise<void>;
}

const types = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const sha256 = (bytes: Buffer | string) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const layer = gzipSync(Buffer.alloc(1024));
const config = JSON.stringify({ architecture: "amd64", os: "linux", rootfs: { type: "layers", diff_ids: [] } });
/** A digest that no blob has. Each attack has its own, because the engine joins pulls of one digest, also to a cancelled one. */
const digestOfNothing = (attack: string) => sha256(`no blob has this digest: ${attack}`);
// A size that a registry may claim: more than any test accepts, and more than a disk holds.
const claimedBytes = 2 ** 42;
const chunk = Buffer.alloc(256 * 1024, 1);
// 64 MiB: far more than the 4 MiB of a manifest that engines read.
const hugeManifestBytes = 64 * 1024 * 1024;

interface Means {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly metadata: string;
  readonly sent: (bytes: number) => void;
}
interface Behaviour {
  readonly manifest: (means: Means) => void;
  readonly blob?: (means: Means) => void;
}

const plainManifest = (layerDigest: string, sizeBytes: number) => (means: Means) => {
  const body = JSON.stringify({
    schemaVersion: 2,
    mediaType: types.manifest,
    config: { mediaType: types.config, size: config.length, digest: sha256(config) },
    layers: [{ mediaType: types.layer, size: sizeBytes, digest: layerDigest }],
  });
  answer(means, { type: types.manifest, bytes: Buffer.from(body) });
};

interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
  /** Its declared media type. */
  readonly digest?: string;
}

function answer({ request, response }: Means, { type, bytes, digest = sha256(bytes) }: Blob): void {
  response.writeHead(200, {
    "content-type": type,
    "content-length": bytes.length,
    "docker-content-digest": digest,
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** Sends as fast as the client reads, or one byte whenever `next` resolves, until the client disconnects. */
function stream({ response, sent }: Means, piece: Buffer, pauseMs: number): void {
  response.writeHead(200, { "content-type": types.layer, "content-length": claimedBytes });
  const more = () => {
    if (response.destroyed) return;
    sent(piece.length);
    if (!response.write(piece)) response.once("drain", next);
    else next();
  };
  const next = () => (pauseMs === 0 ? setImmediate(more) : setTimeout(more, pauseMs).unref());
  more();
}

const behaviours = {
  "endless-layer": {
    manifest: plainManifest(digestOfNothing("endless-layer"), claimedBytes),
    blob: (means) => stream(means, chunk, 0),
  },
  "slow-layer": {
    manifest: plainManifest(digestOfNothing("slow-layer"), claimedBytes),
    // Ten bytes a second: never silent, never complete.
    blob: (means) => stream(means, Buffer.alloc(1), 100),
  },
  "wrong-digest": {
    manifest: plainManifest(digestOfNothing("wrong-digest"), layer.length),
    blob: (means) => answer(means, { type: types.layer, bytes: layer, digest: digestOfNothing("wrong-digest") }),
  },
  "huge-manifest": {
    manifest: (means) => answer(means, { type: types.manifest, bytes: Buffer.alloc(hugeManifestBytes, " ") }),
  },
  "deep-manifest": {
    manifest: (means) => answer(means, { type: types.manifest, bytes: Buffer.from("[".repeat(1_000_000)) }),
  },
  "redirected-manifest": { manifest: ({ response, metadata }) => redirect(response, metadata) },
  // Engines quote a response of this type when they cannot read it.
  "redirected-refusal": { manifest: ({ response, metadata }) => redirect(response, `${metadata}refused`) },
  "refused-layer": {
    manifest: plainManifest(digestOfNothing("refused-layer"), layer.length),
    blob: ({ response, metadata }) => redirect(response, `${metadata}refused`),
  },
  "redirected-layer": {
    manifest: plainManifest(digestOfNothing("redirected-layer"), layer.length),
    blob: ({ response, metadata }) => redirect(response, metadata),
  },
  // The whole registry requires a token: see `locked`.
  "foreign-realm": { manifest: ({ response, metadata }) => challenge(response, metadata) },
  "long-refusal": {
    manifest: ({ response }) => {
      const message = "no ".repeat(500_000);
      response.writeHead(500, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "UNKNOWN", message }] }));
    },
  },
} satisfies Readonly<Record<string, Behaviour>>;
export type Attack = keyof typeof behaviours;

/** Names the metadata service as the token service, so that the engine sends a request to it. */
function challenge(response: ServerResponse, metadata: string): void {
  const header = `Bearer realm="${metadata}",service="registry",scope="repository:x:pull"`;
  response.writeHead(401, { "www-authenticate": header }).end();
}

const redirect = (response: ServerResponse, location: string) => void response.writeHead(307, { location }).end();

/** Opens the registry and a simulated cloud metadata service. */
export async function hostileRegistry(): Promise<HostileRegistry> {
  const secret = "AKIA-role-credentials-of-the-machine";
  let metadataAsked = 0;
  let sentBytes = 0;
  const metadataServer = createServer(({ url }, response) => {
    metadataAsked += 1;
    if (url?.includes("refused") === true) response.statusCode = 400;
    response.end(`${secret}\n`.repeat(10));
  });
  const metadata = `http://${await listen(metadataServer, "127.0.0.2")}/latest/meta-data/iam/security-credentials/`;
  const all = new Map<string, Behaviour>(Object.entries(behaviours));
  const registry = createServer((request, response) => {
    const [, , name = "", kind] = (request.url ?? "").split("/");
    const means: Means = { request, response, metadata, sent: (bytes) => (sentBytes += bytes) };
    const behaviour = all.get(name);
    if (behaviour === undefined) response.end("{}");
    else if (kind === "manifests") behaviour.manifest(means);
    else if (request.url?.endsWith(sha256(config)) === true)
      answer(means, { type: types.config, bytes: Buffer.from(config) });
    else behaviour.blob?.(means);
  });
  const locked = createServer((_, response) => challenge(response, metadata));
  const host = await listen(registry, "127.0.0.1");
  const lockedHost = await listen(locked, "127.0.0.1");
  return {
    image: (attack) => `${attack === "foreign-realm" ? lockedHost : host}/${attack}:1`,
    secret,
    metadataAsked: () => metadataAsked,
    sentBytes: () => sentBytes,
    close: async () => {
      await Promise.all([registry, locked, metadataServer].map(shut));
    },
  };
}

async function listen(server: Server, address: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const bound = server.address();
  return `${address}:${typeof bound === "object" ? bound?.port : bound}`;
}

async function shut(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
