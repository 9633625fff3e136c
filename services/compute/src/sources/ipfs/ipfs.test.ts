import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { code as dagPbCode, encode, prepare } from "@ipld/dag-pb";
import { systemClock, systemRandom } from "@shoal/node";
import { UnixFS } from "ipfs-unixfs";
import { CID } from "multiformats";
import { identity as identityHash } from "multiformats/hashes/identity";
import { sha256 } from "multiformats/hashes/sha2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ipfsApiUrl, ipfsNode } from "../../outbound/ipfs-node.ts";
import { ipfs as ipfsPublisher } from "../../publishers/ipfs/ipfs.ts";
import { type IpfsServer, startIpfsServer } from "../../testing/ipfs/ipfs-server.ts";
import { sourceContract } from "../contract.ts";
import { taskRoom } from "../room.ts";
import type { Fetched } from "../source.ts";
import { ipfs } from "./ipfs.ts";
import { verifiedBlocks } from "./verified-blocks.ts";

let server: IpfsServer;
let root = "";
beforeAll(async () => {
  server = await startIpfsServer();
  root = await mkdtemp(join(tmpdir(), "shoal-ipfs-source-"));
});
afterEach(() => server.onBlock(undefined));
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const create = () => ipfs({ ipfs: ipfsNode(server.address), clock: systemClock(), random: systemRandom });

async function fetch(cid: CID, limitBytes = 10_000_000): Promise<Fetched> {
  const folder = await mkdtemp(join(root, "input-"));
  const room = taskRoom({ inputBytes: limitBytes, taskBytes: limitBytes }).input();
  const { signal } = new AbortController();
  const request = { namespace: "default", partition: { index: 0, count: 1 }, folder, room, signal };
  return await create().fetch({ ...request, params: { CID: cid.toString() } });
}

/** Stores a block as it is, whatever it says. */
async function stored(bytes: Uint8Array): Promise<CID> {
  const cid = CID.createV1(dagPbCode, await sha256.digest(bytes));
  await server.blocks.put(cid, bytes);
  return cid;
}

const node = (unixfs: UnixFS, links: readonly { readonly Name: string; readonly Hash: CID }[]): Promise<CID> =>
  stored(encode(prepare({ Data: unixfs.marshal(), Links: links.map((link) => ({ ...link, Tsize: 0 })) })));
const folderOf = (links: readonly { readonly Name: string; readonly Hash: CID }[]) =>
  node(new UnixFS({ type: "directory" }), links);
const fileOf = (text: string) => server.files.addBytes(Buffer.from(text));

async function added(paths: Readonly<Record<string, Uint8Array>>, options = {}): Promise<CID> {
  const candidates = Object.entries(paths).map(([path, content]) => ({ path: `root/${path}`, content }));
  let root: CID | undefined;
  for await (const { path, cid } of server.files.addAll(candidates, options)) if (path === "root") root = cid;
  if (root === undefined) throw new Error("no folder was added");
  return root;
}

async function* pieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source)
    for (let at = 0; at < chunk.length; at += 10_000) yield chunk.subarray(at, at + 10_000);
}

sourceContract("ipfs", {
  source: create,
  makers: {
    file: async (bytes) => ({ CID: (await server.files.addBytes(bytes)).toString() }),
    folder: async (text) => ({ CID: (await added({ "inside.txt": Buffer.from(text) })).toString() }),
    invalid: () => ({ CID: "../../etc/passwd" }),
    absent: () => ({ CID: "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354" }),
  },
  copies: true,
});

describe("an input from IPFS", () => {
  it("is a file of many blocks, in layers", async () => {
    const bytes = randomBytes(3_000_000);
    const cid = await server.files.addBytes(bytes, { chunker: pieces, rawLeaves: false });
    const fetched = await fetch(cid);
    expect((await readFile(fetched.hostPath)).equals(bytes)).toBe(true);
    expect(fetched.sizeBytes).toBe(bytes.length);
  });

  it("is a folder that is divided by the hashes of its names", async () => {
    const names = Array.from({ length: 600 }, (_, index) => `name-${index}`);
    const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const cid = await added(files, { shardSplitThresholdBytes: 0 });
    const { hostPath } = await fetch(cid);
    expect((await readdir(hostPath)).toSorted()).toEqual(names.toSorted());
    expect(await readFile(join(hostPath, "name-599"), "utf8")).toBe("name-599");
  });

  it("is a result that another job published", async () => {
    const folder = (
      await fetch(await added({ stdout: Buffer.from("of the first job"), "made/file": Buffer.from("x") }))
    ).hostPath;
    const publisher = ipfsPublisher({ ipfs: ipfsNode(server.address), limitBytes: 1_000_000 });
    const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1" };
    const { signal } = new AbortController();
    const { type, params } = await publisher.publish({ ...identity, params: {}, folder, signal });
    expect(type).toBe("ipfs");
    const { hostPath } = await fetch(CID.parse(String(params["CID"])));
    expect(await readFile(join(hostPath, "stdout"), "utf8")).toBe("of the first job");
    expect(await readFile(join(hostPath, "made", "file"), "utf8")).toBe("x");
  });

  it("goes on after a connection that breaks", async () => {
    const cid = await fileOf("goes on");
    let breaks = 1;
    server.onBlock((bytes) => (breaks-- > 0 ? undefined : bytes));
    expect(await readFile((await fetch(cid)).hostPath, "utf8")).toBe("goes on");
  });
});

describe("hostile content", () => {
  it.each([
    ["other bytes", (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.from("x")]), /another hash/],
    ["a block without end", () => Buffer.alloc(3_000_000), /more than 2097152 bytes/],
  ])("%s from the IPFS node fails the input", async (_, change, why) => {
    const cid = await fileOf("some text");
    server.onBlock(change);
    await expect(fetch(cid)).rejects.toMatchObject({ code: "INPUT_UNAVAILABLE", why: expect.stringMatching(why) });
  });

  it.each(["..", "../out", "a/b", "", ".", "nul\0"])("an entry named %j is refused", async (Name) => {
    const cid = await folderOf([{ Name, Hash: await fileOf("x") }]);
    await expect(fetch(cid)).rejects.toMatchObject({
      code: "INPUT_UNAVAILABLE",
      why: expect.stringContaining("has the name"),
    });
  });

  it("links and two entries with one name are refused", async () => {
    const link = await node(new UnixFS({ type: "symlink", data: Buffer.from("/etc/passwd") }), []);
    await expect(fetch(await folderOf([{ Name: "a", Hash: link }]))).rejects.toMatchObject({
      why: expect.stringContaining("is a symlink"),
    });
    const twice = await folderOf([
      { Name: "a", Hash: await fileOf("1") },
      { Name: "a", Hash: await fileOf("2") },
    ]);
    await expect(fetch(twice)).rejects.toMatchObject({ why: expect.stringContaining("two entries") });
  });

  it("a graph that is too deep is refused", async () => {
    let cid = await folderOf([]);
    for (let depth = 0; depth < 70; depth++) cid = await folderOf([{ Name: "a", Hash: cid }]);
    await expect(fetch(cid)).rejects.toMatchObject({ why: expect.stringContaining("64 levels deep") });
  });

  it("a small graph with many paths to the same blocks ends at a limit", async () => {
    const links = (Hash: CID) => Array.from({ length: 100 }, (_, index) => ({ Name: `${index}`, Hash }));
    let cid = await folderOf([]);
    for (let layer = 0; layer < 5; layer++) cid = await folderOf(links(cid));
    await expect(fetch(cid, 1_000_000)).rejects.toMatchObject({ code: "TOO_LARGE" });
    const identity = CID.createV1(0x55, identityHash.digest(Buffer.from("x")));
    const ports = { ipfs: ipfsNode(""), clock: systemClock(), random: systemRandom };
    const blocks = verifiedBlocks(ports, new AbortController().signal);
    for (let count = 0; count < 200_000; count++) await blocks.get(identity);
    await expect(blocks.get(identity)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });

  it("a folder with too many entries is refused", async () => {
    const Hash = CID.createV1(0x55, identityHash.digest(new Uint8Array()));
    const links = Array.from({ length: 10_000 }, (_, index) => ({ Name: `${index}`, Hash }));
    await expect(fetch(await folderOf(links), Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
      code: "TOO_LARGE",
      why: expect.stringContaining("more than 10000 files and folders"),
    });
  });

  it("something other than UnixFS is refused", async () => {
    await expect(fetch(await stored(Buffer.from("no protobuf")))).rejects.toMatchObject({
      why: expect.stringContaining("is not UnixFS"),
    });
    await expect(fetch(CID.createV1(0x71, await sha256.digest(Buffer.from("cbor"))))).rejects.toMatchObject({
      why: expect.stringContaining("codec 0x71"),
    });
  });
});

it.each([
  ["/ip4/10.0.0.1/tcp/5001", "http://10.0.0.1:5001/"],
  ["/ip6/::1/tcp/5001/http", "http://[::1]:5001/"],
  ["/dns4/ipfs.example/tcp/443/https", "https://ipfs.example/"],
  ["https://ipfs.example:5001", "https://ipfs.example:5001/"],
  ["/ip4/10.0.0.1/udp/5001", undefined],
  ["ipfs.example", undefined],
])("the address %s is the API %s", (address, url) => {
  expect(ipfsApiUrl(address)?.href).toBe(url);
});
