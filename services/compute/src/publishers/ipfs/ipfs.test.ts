import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { SpecConfig } from "@shoal/proto";
import { CID } from "multiformats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ipfsNode } from "../../outbound/ipfs-node.ts";
import { type IpfsServer, startIpfsServer } from "../../testing/ipfs/ipfs-server.ts";
import { publisherContract } from "../contract.ts";
import { ipfs } from "./ipfs.ts";

let server: IpfsServer;
let root = "";
beforeAll(async () => {
  server = await startIpfsServer();
  root = await mkdtemp(join(tmpdir(), "shoal-ipfs-publisher-"));
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const create = (address = server.address) => ipfs({ ipfs: ipfsNode(address), limitBytes: 10_000_000 });

async function filesOf(cid: CID, path = ""): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for await (const entry of server.files.ls(cid)) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    const { type } = await server.files.stat(entry.cid);
    if (type === "directory") for (const each of await filesOf(entry.cid, inner)) files.set(...each);
    else files.set(inner, await text(server.files.cat(entry.cid)));
  }
  return files;
}

publisherContract("ipfs", {
  publisher: () => create(),
  fetch: ({ type, params }: SpecConfig) => {
    expect(type).toBe("ipfs");
    return filesOf(CID.parse(String(params["CID"])));
  },
  byContent: true,
});

async function publish(folder: string, publisher = create()): Promise<SpecConfig> {
  const identity = { executionId: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1" };
  return publisher.publish({ ...identity, params: {}, folder, signal: new AbortController().signal });
}

it("adds names with any characters, and folders beside files that sort between a folder and its content", async () => {
  const folder = await mkdtemp(join(root, "names-"));
  await mkdir(join(folder, "a"));
  await mkdir(join(folder, "empty"));
  for (const name of ["a/x", "a-b", "a.txt", 'qu"ote %41 ü\r\n']) await writeFile(join(folder, name), name);
  const { params } = await publish(folder);
  const files = await filesOf(CID.parse(String(params["CID"])));
  expect([...files].every(([name, content]) => name === content)).toBe(true);
  expect([...files.keys()].toSorted()).toEqual(["a-b", "a.txt", "a/x", 'qu"ote %41 ü\r\n']);
});

it("adds no link, wherever it leads", async () => {
  const folder = await mkdtemp(join(root, "links-"));
  await writeFile(join(folder, "file"), "file");
  await symlink("file", join(folder, "link"));
  await symlink(".", join(folder, "self"));
  const { params } = await publish(folder);
  const cid = CID.parse(String(params["CID"]));
  const names: string[] = [];
  for await (const { name } of server.files.ls(cid)) names.push(name);
  expect(names).toEqual(["file"]);
});

it("adds a file as long as it was when its size was checked, although it grows meanwhile", async () => {
  const folder = await mkdtemp(join(root, "grows-"));
  await writeFile(join(folder, "log.txt"), "before");
  const node = ipfsNode(server.address);
  const add: typeof node.add = async (form, signal) => {
    await appendFile(join(folder, "log.txt"), " and after");
    return await node.add(form, signal);
  };
  const { params } = await publish(folder, ipfs({ ipfs: { ...node, add }, limitBytes: 10_000_000 }));
  expect([...(await filesOf(CID.parse(String(params["CID"]))))]).toEqual([["log.txt", "before"]]);
});

it("fails with the reason when the IPFS node does not answer, and is unavailable then", async () => {
  const folder = await mkdtemp(join(root, "away-"));
  const away = create("/ip4/127.0.0.1/tcp/1");
  await expect(publish(folder, away)).rejects.toMatchObject({
    code: "PUBLISH_FAILED",
    why: expect.stringContaining("not added to IPFS"),
  });
  expect(await away.unavailable()).toContain("/ip4/127.0.0.1/tcp/1");
  expect(await create("").unavailable()).toContain("ipfs.connect");
});
