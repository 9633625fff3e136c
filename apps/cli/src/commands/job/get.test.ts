import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CliRun, type FakeRequester, fakeRequester } from "../../testing/fake-requester.ts";

let root = "";
let into = "";
let node: Server;
let origin = "";
let fake: FakeRequester | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-get-"));
  into = join(root, "made", "for-it");
  const archives = new Map([
    ["/e-1.tar.gz", await archiveOf({ stdout: "one\n", "data.txt": "first" })],
    ["/e-2.tar.gz", await archiveOf({ stdout: "two\n", "data.txt": "second" })],
  ]);
  node = createServer(({ url = "" }, response) => {
    const archive = archives.get(url);
    response.writeHead(archive === undefined ? 404 : 200).end(archive);
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  const address = node.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
});
afterEach(async () => {
  await fake?.close();
  node.close();
  await rm(root, { recursive: true, force: true });
});

async function archiveOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return gzipSync(await buffer(tar));
}

/** Runs `shoal job get` for a job with these results. */
async function get(urls: readonly string[], ...flags: readonly string[]): Promise<CliRun> {
  const items = urls.map((URL) => ({ Type: "urlDownload", Params: { URL } }));
  fake = await fakeRequester({ "GET /orchestrator/jobs/hello/results": { Items: items } });
  return await fake.shoal("job", "get", "hello", "--output-dir", into, ...flags);
}

const both = () => [`${origin}/e-1.tar.gz`, `${origin}/e-2.tar.gz`];

describe("shoal job get", () => {
  it("merges the results of all executions into a new folder, and warns of what it renames", async () => {
    const { code, out, err } = await get(both(), "--namespace", "ns");
    expect([code, out]).toEqual([0, `Results for job 'hello' have been written to...\n${into}\n`]);
    expect(await readFile(join(into, "stdout"), "utf8")).toBe("one\ntwo\n");
    expect((await readdir(into)).sort()).toEqual(["data.txt", "data.txt.e-2", "stdout"]);
    expect(err).toMatch(new RegExp(`^Downloading from ${origin}\nWarning: .*data.txt.*\n$`));
    expect(fake?.calls).toEqual(["GET /orchestrator/jobs/hello/results?namespace=ns"]);
  });

  it("writes a folder for each execution with --raw", async () => {
    const { code, err } = await get(both(), "--raw");
    expect([code, err]).toEqual([0, `Downloading from ${origin}\n`]);
    expect((await readdir(into)).sort()).toEqual(["e-1", "e-2"]);
    expect(await readFile(join(into, "e-2", "data.txt"), "utf8")).toBe("second");
  });

  it.each([
    ["a result is missing", ["/e-1.tar.gz", "/e-3.tar.gz"], [], 4, /e-3.tar.gz answers HTTP 404/],
    ["the results are larger than the limit", ["/e-1.tar.gz"], ["--max-size", "1"], 2, /increase --max-size/],
  ])("leaves no folder when %s", async (_, ...[paths, flags, exit, why]) => {
    const urls = paths.map((path) => `${origin}${path}`);
    const { code, out, err } = await get(urls, ...flags);
    expect([code, out]).toEqual([exit, ""]);
    expect(err).toMatch(why);
    expect(existsSync(into)).toBe(false);
  });

  it("fetches nothing when a node reports a link-local address", async () => {
    const { code, out, err } = await get([...both(), "http://169.254.169.254/latest/meta-data"]);
    expect([code, out]).toEqual([4, ""]);
    expect(err).toMatch(/^Error: a node reports http:\/\/169\.254\.169\.254 for its result: .*link-local/);
    expect(err).toMatch(/^Hint: .*--any-address/m);
    expect(existsSync(into)).toBe(false);
  });

  it.each([
    ["--max-size", "0"],
    ["--max-size", "large"],
    ["--download-timeout-secs", "0"],
    ["--download-timeout-secs", "86401"],
  ])("refuses %s %s", async (flag, value) => {
    const { code, err } = await get(both(), flag, value);
    expect([code, fake?.calls, err]).toEqual([2, [], expect.stringMatching(new RegExp(`${flag}: .*"${value}"`))]);
  });
});
