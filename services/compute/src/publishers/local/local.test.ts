import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock } from "@shoal/core/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { publisherContract } from "../contract.ts";
import type { Publisher } from "../publisher.ts";
import { unpack } from "../testing/unpack.ts";
import { type LocalPublisherOptions, local } from "./local.ts";

const clock = createManualClock(Date.now());
const options = (folder: string): LocalPublisherOptions => ({
  clock,
  folder,
  address: "127.0.0.1",
  machine: "node.example",
  port: 0,
  keepMs: 60_000,
  keepBytes: 10_000_000,
  limitBytes: 10_000_000,
});
const urlOf = (params: Readonly<Record<string, unknown>>): string => String(params["URL"]);

publisherContract("local", {
  publisher: (folder) => local(options(folder)),
  fetch: async ({ type, params }) => {
    expect(type).toBe("urlDownload");
    const response = await fetch(urlOf(params));
    expect(response.status).toBe(200);
    return unpack(await response.bytes());
  },
});

describe("local", () => {
  let root = "";
  let open: Publisher[] = [];
  const make = (differences: Partial<LocalPublisherOptions> = {}) => {
    const publisher = local({ ...options(join(root, "published")), ...differences });
    open.push(publisher);
    return publisher;
  };
  const publish = async (publisher: Publisher, executionId: string, text = "hello") => {
    const folder = join(root, executionId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "stdout"), text);
    const identity = { executionId, jobId: "j-1", namespace: "default", nodeId: "n-1" };
    return publisher.publish({ ...identity, params: {}, folder, signal: new AbortController().signal });
  };
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-local-"));
    open = [];
  });
  afterEach(async () => {
    for (const publisher of open) await publisher.close();
    await rm(root, { recursive: true, force: true });
  });

  it("serves results from before a restart, on the same link", async () => {
    const first = make();
    const { params } = await publish(first, "e-1");
    await first.close();
    const second = make();
    expect(await second.unavailable()).toBeUndefined();
    expect((await fetch(urlOf(params))).status).toBe(200);
  });

  it.each([
    "/../e-1.tar.gz",
    "/%2e%2e/secret.tar.gz",
    "/..%2fsecret.tar.gz",
    "/port",
    "/e-1.tar.gz/x",
    "//e-1.tar.gz",
    "/.tar.gz",
    "/",
  ])("does not serve %s", async (path) => {
    const publisher = make();
    const { params } = await publish(publisher, "e-1");
    await writeFile(join(root, "secret.tar.gz"), "secret");
    expect(await statusOf(new URL(urlOf(params)).port, path)).toBe(404);
  });

  it.each([
    ["localhost", 200],
    ["127.0.0.1:8080", 200],
    ["[::1]:8080", 200],
    ["evil.example", 403],
    ["evil.example:80", 403],
    ["node.example", 403],
    ["a b", 403],
  ])("answers Host %s, while it listens on loopback, with %i", async (host, status) => {
    const { params } = await publish(make(), "e-1");
    const { port, pathname } = new URL(urlOf(params));
    expect(await statusOf(port, pathname, host)).toBe(status);
  });

  it("answers any Host header when it serves other machines", async () => {
    const { params } = await publish(make({ address: "0.0.0.0" }), "e-1");
    const { port, pathname } = new URL(urlOf(params));
    expect(await statusOf(port, pathname, "node.example")).toBe(200);
  });

  it("prevents pages of other sites from embedding or reading a result", async () => {
    const { params } = await publish(make(), "e-1");
    const { headers } = await fetch(urlOf(params), { headers: { origin: "https://evil.example" } });
    expect(headers.get("access-control-allow-origin")).toBeNull();
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  it("names the machine in links when it listens on all addresses", async () => {
    const { params } = await publish(make({ address: "0.0.0.0" }), "e-1");
    expect(new URL(urlOf(params)).hostname).toBe("node.example");
  });

  it("accepts no uploads", async () => {
    const { params } = await publish(make(), "e-1");
    expect((await fetch(urlOf(params), { method: "PUT", body: "x" })).status).toBe(405);
  });

  it("removes the oldest results above the limit", async () => {
    const publisher = make({ keepBytes: 1 });
    await publish(publisher, "e-1");
    await utimes(join(root, "published", "e-1.tar.gz"), clock.now() / 1000 - 1, clock.now() / 1000 - 1);
    await publish(publisher, "e-2");
    expect((await readdir(join(root, "published"))).sort()).toEqual(["e-2.tar.gz", "port"]);
  });

  it("does not serve expired results, and removes them", async () => {
    const publisher = make({ keepMs: 60_000 });
    const { params } = await publish(publisher, "e-1");
    await utimes(join(root, "published", "e-1.tar.gz"), clock.now() / 1000 - 120, clock.now() / 1000 - 120);
    expect((await fetch(urlOf(params))).status).toBe(404);
    await publish(publisher, "e-2");
    expect(await readdir(join(root, "published"))).not.toContain("e-1.tar.gz");
  });

  it("removes an unfinished file", async () => {
    const publisher = make({ limitBytes: 600 });
    await expect(publish(publisher, "e-1", "x".repeat(1_000))).rejects.toMatchObject({ code: "RESULTS_TOO_LARGE" });
    expect(await readdir(join(root, "published"))).toEqual(["port"]);
    await publish(publisher, "e-2", "small");
    expect((await readdir(join(root, "published"))).sort()).toEqual(["e-2.tar.gz", "port"]);
  });

  it("removes the unfinished files of a killed process at its start", async () => {
    await mkdir(join(root, "published"));
    await writeFile(join(root, "published", "e-0.tar.gz.unfinished"), "half a result");
    await writeFile(join(root, "published", "e-1.tar.gz"), "a result");
    expect(await make().unavailable()).toBeUndefined();
    expect((await readdir(join(root, "published"))).sort()).toEqual(["e-1.tar.gz", "port"]);
  });

  it("explains why the port is not available", async () => {
    const { params } = await publish(make(), "e-1");
    const port = Number(new URL(urlOf(params)).port);
    expect(await make({ port }).unavailable()).toContain(`127.0.0.1:${port}`);
  });
});

/** Requests a path exactly as written: a URL would normalise it first. */
function statusOf(port: string, path: string, host?: string): Promise<number | undefined> {
  const headers = host === undefined ? {} : { host };
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
