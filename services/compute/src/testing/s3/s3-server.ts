import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { type AccessKey, signatureProblem } from "./signature.ts";

/** One version of an object. */
export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly versionId: string;
}

/** A strict S3 server on loopback with one bucket, in memory. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: AccessKey;
  /** The versions of each object, oldest first. */
  readonly objects: Map<string, readonly StoredObject[]>;
  /** Stores a new version. */
  put(key: string, bytes: Buffer | string): StoredObject;
  /** Multipart uploads that are neither completed nor aborted. */
  openUploads(): number;
  /** Requests so far, as `GET /bucket/key?query`, with the range when they have one. */
  readonly requests: string[];
  /** The next GET of an object sends this number of bytes, and then nothing. */
  holdAfter(bytes: number): void;
  /** Breaks every connection off. */
  breakOff(): void;
}

interface Upload {
  readonly key: string;
  readonly parts: Map<number, { readonly bytes: Buffer; readonly etag: string }>;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: Buffer;
  readonly query: URLSearchParams;
  readonly key: string;
}

/** An error as S3 answers it. */
class S3Error extends Error {
  readonly status: number;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
  }
}

// S3's own limit for every part but the last.
const partMinBytes = 5 * 1024 * 1024;
// S3 has 1000; two make every test read several pages.
const pageMax = 2;
const bucket = "bucket";
const accessKey: AccessKey = { accessKeyId: "AKIDTEST", secretAccessKey: "secret/of+tests" };
const md5 = (bytes: Buffer): string => createHash("md5").update(bytes).digest("hex");
const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Starts a server on a free port of 127.0.0.1. */
export async function startS3Server(): Promise<S3Server> {
  const store = new Store();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { range } = request.headers;
    requests.push(`${request.method} ${request.url}${range === undefined ? "" : ` ${range}`}`);
    serve(store, request, response).catch((failure: unknown) => refuse(request, response, failure));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const self: S3Server = {
    ...{ endpoint: `http://127.0.0.1:${port}`, bucket, accessKey, objects: store.objects, requests },
    put: (key, bytes) => store.put(key, Buffer.from(bytes)),
    openUploads: () => store.uploads.size,
    holdAfter: (bytes) => {
      store.heldAfter = bytes;
    },
    breakOff: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}

class Store {
  readonly objects = new Map<string, readonly StoredObject[]>();
  readonly uploads = new Map<string, Upload>();
  heldAfter: number | undefined;

  put(key: string, bytes: Buffer, etag = md5(bytes)): StoredObject {
    const stored = { bytes, etag: `"${etag}"`, versionId: randomUUID() };
    this.objects.set(key, [...(this.objects.get(key) ?? []), stored]);
    return stored;
  }

  get(key: string, versionId: string | null): StoredObject {
    const versions = this.objects.get(key) ?? [];
    const one = versionId === null ? versions.at(-1) : versions.find((each) => each.versionId === versionId);
    if (one === undefined) throw new S3Error(404, versionId === null ? "NoSuchKey" : "NoSuchVersion");
    return one;
  }

  upload(id: string | null): Upload {
    const upload = this.uploads.get(id ?? "");
    if (upload === undefined) throw new S3Error(404, "NoSuchUpload");
    return upload;
  }
}

function refuse({ method }: IncomingMessage, response: ServerResponse, failure: unknown): void {
  const { status, message } = failure instanceof S3Error ? failure : new S3Error(500, "InternalError");
  const body = `<?xml version="1.0"?><Error><Code>${message}</Code><Message>${message}</Message></Error>`;
  response.writeHead(status, { "content-type": "application/xml" }).end(method === "HEAD" ? undefined : body);
}

async function serve(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const problem = signatureProblem(request, body, accessKey);
  if (problem !== undefined) throw new S3Error(403, problem);
  checkSum(request, body);
  const { pathname, searchParams: query } = new URL(request.url ?? "/", "http://server");
  const [, name, ...rest] = pathname.split("/").map(decodeURIComponent);
  if (name !== bucket) throw new S3Error(404, "NoSuchBucket");
  const key = rest.join("/");
  const names = ["uploads", "partNumber", "uploadId", "list-type"].filter((each) => query.has(each));
  const operation = operations[[request.method, ...names].join(" ")];
  if (operation === undefined) throw new S3Error(501, "NotImplemented");
  operation(store, { request, response, body, query, key });
}

function checkSum({ headers }: IncomingMessage, body: Buffer): void {
  const expected = headers["x-amz-checksum-crc32"];
  const actual = Buffer.alloc(4);
  actual.writeUInt32BE(crc32(body));
  if (expected !== undefined && expected !== actual.toString("base64")) throw new S3Error(400, "BadDigest");
}

type Operation = (store: Store, exchange: Exchange) => void;

const operations: Readonly<Record<string, Operation>> = {
  GET: getObject,
  HEAD: getObject,
  "GET list-type": list,
  PUT(store, { request, response, body, key }) {
    if (request.headers["if-none-match"] === "*" && store.objects.has(key))
      throw new S3Error(412, "PreconditionFailed");
    const { etag, versionId } = store.put(key, body);
    response.writeHead(200, { etag, "x-amz-version-id": versionId }).end();
  },
  "POST uploads"(store, { response, key }) {
    const id = randomUUID();
    store.uploads.set(id, { key, parts: new Map() });
    response.end(
      `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${xml(key)}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
    );
  },
  "PUT partNumber uploadId"(store, { response, body, query }) {
    const etag = `"${md5(body)}"`;
    store.upload(query.get("uploadId")).parts.set(Number(query.get("partNumber")), { bytes: body, etag });
    response.writeHead(200, { etag }).end();
  },
  "POST uploadId": complete,
  "DELETE uploadId"(store, { response, query }) {
    store.upload(query.get("uploadId"));
    store.uploads.delete(query.get("uploadId") ?? "");
    response.writeHead(204).end();
  },
};

function getObject(store: Store, { request, response, query, key }: Exchange): void {
  const { bytes, etag, versionId } = store.get(key, query.get("versionId"));
  const { "if-match": same, "if-none-match": other, range } = request.headers;
  if (same !== undefined && same !== etag) throw new S3Error(412, "PreconditionFailed");
  if (other === etag) return void response.writeHead(304).end();
  const [, from] = /^bytes=(\d+)-$/.exec(range ?? "") ?? [];
  if (range !== undefined && from === undefined) throw new S3Error(501, "NotImplemented");
  const start = Number(from ?? 0);
  if (from !== undefined && start >= bytes.length) throw new S3Error(416, "InvalidRange");
  const part = bytes.subarray(start);
  const ranged = from === undefined ? {} : { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
  const headers = { etag, "x-amz-version-id": versionId, "content-length": part.length, ...ranged };
  response.writeHead(from === undefined ? 200 : 206, headers);
  if (request.method === "HEAD") response.end();
  else if (store.heldAfter === undefined) response.end(part);
  else {
    response.write(part.subarray(0, store.heldAfter));
    store.heldAfter = undefined;
  }
}

function list(store: Store, { response, query }: Exchange): void {
  const prefix = query.get("prefix") ?? "";
  const after = Buffer.from(query.get("continuation-token") ?? "", "base64").toString();
  const keys = [...store.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, pageMax);
  const more = keys.length > page.length;
  const entries = page.map((key) => {
    const { bytes, etag } = store.get(key, null);
    return `<Contents><Key>${xml(key)}</Key><ETag>${etag}</ETag><Size>${bytes.length}</Size></Contents>`;
  });
  const token = Buffer.from(page.at(-1) ?? "").toString("base64");
  const next = more ? `<NextContinuationToken>${token}</NextContinuationToken>` : "";
  response.end(
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated><KeyCount>${page.length}</KeyCount>${entries.join("")}${next}</ListBucketResult>`,
  );
}

function complete(store: Store, { response, body, query, key }: Exchange): void {
  const { parts } = store.upload(query.get("uploadId"));
  const named = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = ""]) => {
    const number = Number(/<PartNumber>(\d+)</.exec(part)?.[1]);
    const stored = parts.get(number);
    const etag = /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll("&quot;", '"');
    if (stored === undefined || stored.etag !== etag) throw new S3Error(400, "InvalidPart");
    return { number, bytes: stored.bytes };
  });
  if (named.some(({ number }, n) => n > 0 && number <= (named[n - 1]?.number ?? 0)))
    throw new S3Error(400, "InvalidPartOrder");
  if (named.slice(0, -1).some(({ bytes }) => bytes.length < partMinBytes)) throw new S3Error(400, "EntityTooSmall");
  const digests = named.map(({ bytes }) => Buffer.from(md5(bytes), "hex"));
  const { etag } = store.put(
    key,
    Buffer.concat(named.map(({ bytes }) => bytes)),
    `${md5(Buffer.concat(digests))}-${named.length}`,
  );
  store.uploads.delete(query.get("uploadId") ?? "");
  response.end(
    `<CompleteMultipartUploadResult><Key>${xml(key)}</Key><ETag>${etag}</ETag></CompleteMultipartUploadResult>`,
  );
}
