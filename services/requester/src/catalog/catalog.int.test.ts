import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ViewStore } from "@shoal/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listedJobs } from "../testing/listed-jobs.ts";
import { type LogOnServer, logOnServer } from "../testing/log-on-server.ts";
import type { Catalog } from "./catalog.ts";
import { createCatalog } from "./sqlite-catalog.ts";

const stream = "KV_jobs";
// More than the index writes, and more than it reads, between two pauses.
const count = 300;

describe("the index of a bucket on a real server", () => {
  let harness: LogOnServer;
  let folder: string;
  let running: { stop(): Promise<void> } | undefined;
  const stop = async () => {
    await running?.stop();
    running = undefined;
  };
  beforeEach(async () => {
    harness = await logOnServer();
    folder = await mkdtemp(join(tmpdir(), "shoal-catalog-"));
    await Promise.all(Array.from({ length: count }, (_, index) => harness.live(`j-${index}`)));
  });
  afterEach(async () => {
    await stop();
    await harness.close();
    await rm(folder, { recursive: true });
  });

  /** A catalog over the one file, which replaces the previous one, with these keys. */
  async function started() {
    await stop();
    const keys: string[] = [];
    const follow: ViewStore["follow"] = (after, follower) =>
      harness.ports.views.jobs.follow(after, {
        ...follower,
        changed(key, value, revision) {
          keys.push(key);
          follower.changed(key, value, revision);
        },
      });
    const catalog = createCatalog({ views: { follow }, file: join(folder, "catalog.sqlite") });
    running = catalog;
    await catalog.start();
    return { catalog, keys };
  }
  const idsIn = async (catalog: Catalog) => {
    const page = await catalog.list({ order: "createTime", reverse: false, limit: 1000 });
    return listedJobs(page)
      .map(({ id }) => id)
      .toSorted();
  };
  const streams = async () => (await harness.ports.session.manager()).streams;

  it("is filled in pieces, and afterwards reads what is new and nothing else", async () => {
    const first = await started();
    expect(await idsIn(first.catalog)).toHaveLength(count);
    expect(first.keys).toHaveLength(count);
    await harness.live("j-live");
    await first.catalog.caughtUp();
    expect(await idsIn(first.catalog)).toContain("j-live");
    await stop();
    await harness.live("j-new");
    const second = await started();
    expect(new Set(second.keys)).toEqual(new Set(["default.j-new"]));
    expect(await idsIn(second.catalog)).toHaveLength(count + 2);
  });
  it("removes entries that were purged while it was stopped", async () => {
    await started();
    await stop();
    await (await streams()).purge(stream, { filter: "$KV.jobs.default.j-7" });
    const { catalog } = await started();
    await expect.poll(() => idsIn(catalog), { timeout: 20_000 }).toHaveLength(count - 1);
    expect(await idsIn(catalog)).not.toContain("j-7");
  });
  it("retains its lists while the bucket is deleted and recreated, and follows the new one", async () => {
    const { catalog } = await started();
    const api = await streams();
    const { config } = await api.info(stream);
    await api.delete(stream);
    await api.add(config);
    await harness.live("j-new");
    await expect.poll(() => idsIn(catalog), { timeout: 20_000 }).toContain("j-new");
    expect(await idsIn(catalog)).toHaveLength(count + 1);
    const restarted = await started();
    // The next start is over a bucket that no requester has rebuilt here.
    await expect.poll(() => idsIn(restarted.catalog), { timeout: 20_000 }).toEqual(["j-new"]);
  });
});
