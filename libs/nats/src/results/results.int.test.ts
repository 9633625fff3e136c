import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { ensureResultsBucket, openResults } from "./results.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false });
  });
  afterEach(() => harness.close());

  const maxBytes = 8 * 1_048_576;
  const open = async () => {
    const session = await harness.session();
    await ensureResultsBucket(session, "n1", { replicas: 1, maxBytes });
    await ensureResultsBucket(session, "n1", { replicas: 1, maxBytes });
    return { session, results: await openResults(session, "n1") };
  };

  it.each([0, 1, 131_072, 131_073, 3_000_000])("returns %i bytes as they were put", async (size) => {
    const { results } = await open();
    const bytes = randomBytes(size);
    const saved = await results.put("a/b c", new Blob([bytes]).stream());
    expect(saved).toMatchObject({ name: "a/b c", sizeBytes: size });
    const got = await results.get("a/b c");
    expect(got?.saved).toEqual(saved);
    expect(Buffer.compare(Buffer.from(await new Response(got?.bytes).arrayBuffer()), bytes)).toBe(0);
  });

  it("has nothing under a name that was never put or was removed", async () => {
    const { results } = await open();
    expect(await results.get("a")).toBeUndefined();
    await results.put("a", new Blob(["x"]).stream());
    await results.remove("a");
    expect(await results.get("a")).toBeUndefined();
    expect(await results.list()).toEqual([]);
  });

  it.each(["missing", "another"])("fails the stream when a chunk is %s", async (how) => {
    const { session, results } = await open();
    await results.put("a", new Blob([randomBytes(300_000)]).stream());
    const manager = await session.manager();
    const chunk = await manager.streams.getMessage("OBJ_results-n1", { seq: 3 });
    await manager.streams.deleteMessage("OBJ_results-n1", 3);
    const last = { subject: chunk?.subject ?? "", bytes: new Uint8Array(chunk?.data.length ?? 0) };
    if (how === "another") await session.publisher.publish(last);
    const got = await results.get("a");
    await expect(new Response(got?.bytes).arrayBuffer()).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });

  it("refuses a result that does not fit, and accepts one that does", async () => {
    const { results } = await open();
    const put = (size: number) => results.put("a", new Blob([randomBytes(size)]).stream());
    await expect(put(maxBytes + 1)).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
    expect((await put(1_000)).sizeBytes).toBe(1_000);
  });

  it("sets the limit of a bucket without one, unless the bucket holds more", async () => {
    const session = await harness.session();
    await ensureResultsBucket(session, "n1", { replicas: 1, maxBytes: -1 });
    await (await openResults(session, "n1")).put("a", new Blob([randomBytes(200_000)]).stream());
    const { streams } = await session.manager();
    const limit = async () => (await streams.info("OBJ_results-n1")).config.max_bytes;
    await ensureResultsBucket(session, "n1", { replicas: 1, maxBytes: 100_000 });
    expect(await limit()).toBe(-1);
    expect(harness.faultPlan).toEqual([expect.stringContaining("over its limit of 100000")]);
    await ensureResultsBucket(session, "n1", { replicas: 1, maxBytes });
    expect(await limit()).toBe(maxBytes);
  });

  it("fails with the reason when the bucket does not exist", async () => {
    const results = await openResults(await harness.session(), "n2");
    await expect(results.put("a", new Blob(["x"]).stream())).rejects.toMatchObject({ code: "PUBLISH_FAILED" });
  });
});
