import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { shardCount } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type LogOnServer, logOnServer } from "../testing/log-on-server.ts";
import { jobRef } from "../testing/sample-jobs.ts";
import { type OpenReplay, openReplay } from "./open-replay.ts";

const buckets = ["assignments", "jobs", "nodes", "open", "secrets"] as const;

describe("a rebuild on a real server", () => {
  let harness: LogOnServer;
  let tools: OpenReplay;
  beforeEach(async () => {
    harness = await logOnServer();
    tools = await openReplay({ env: {}, flags: { "nats.url": harness.server.url } });
    for (let n = 0; n < 20; n++) {
      if (n % 2 === 0) await harness.live(`j-${n}`);
      else await harness.start(`j-${n}`);
    }
    await harness.join("n-one");
  });
  afterEach(async () => {
    await tools.close();
    await harness.close();
  });

  const snapshot = async () =>
    Object.fromEntries(
      await Promise.all(buckets.map(async (bucket) => [bucket, await harness.stored(bucket)] as const)),
    );
  const stream = async () => (await harness.ports.session.manager()).streams;
  const verified = async () => (await tools.run({ recheckMs: 0 })).mismatches.count;

  it.each(buckets)("restores %s, purged or deleted and created again, every entry byte for byte", async (bucket) => {
    const before = await snapshot();
    const api = await stream();
    await api.purge(`KV_${bucket}`);
    expect(await harness.stored(bucket)).toEqual({});
    const options = { shard: "all", buckets: [bucket] } as const;
    expect(await tools.rebuild(options)).toMatchObject({ written: Object.keys(before[bucket] ?? {}).length });
    expect(await snapshot()).toEqual(before);

    const { config } = await api.info(`KV_${bucket}`);
    await api.delete(`KV_${bucket}`);
    await api.add(config);
    await tools.rebuild(options);
    expect(await snapshot()).toEqual(before);
    const upTo = await harness.ports.log.lastSeq();
    for (let shard = 0; shard < shardCount; shard++)
      expect(await harness.ports.positions.load(bucket, shard)).toMatchObject({ eventsSeq: upTo });
    expect(await tools.rebuild(options)).toMatchObject({ written: 0, removed: 0 });
  });

  it("rebuilds only its shard", async () => {
    const before = await snapshot();
    for (const bucket of buckets) await (await stream()).purge(`KV_${bucket}`);
    for (let shard = 0; shard < shardCount; shard++) await tools.rebuild({ shard, buckets });
    expect(await snapshot()).toEqual(before);
  });

  it("is completed by another one when its connection ends half-way", async () => {
    const before = await snapshot();
    for (const bucket of buckets) await (await stream()).purge(`KV_${bucket}`);
    const other = await openReplay({ env: {}, flags: { "nats.url": harness.server.url } });
    const watch = await harness.ports.views.jobs.watch(">", {
      // The first entry exists, and no position that marks the rebuild as complete.
      changed: () => void other.close(),
      ready: () => undefined,
    });
    await expect(other.rebuild({ shard: "all", buckets })).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await watch.close();
    for (const bucket of buckets) expect((await harness.ports.positions.load(bucket, 0))?.eventsSeq ?? 0).toBe(0);
    await tools.rebuild({ shard: "all", buckets });
    expect(await snapshot()).toEqual(before);
  });

  describe("that is killed", () => {
    // 640 entries with their assignments and those of `open`: more than a rebuild has under way at once, when the first 100 are stored.
    const added = 320;
    // A position of each slice before the first write, and once more at the end.
    const claims = buckets.length * shardCount;

    it.each([
      { when: "while it claims its slices", operation: "save", count: claims / 2, written: "none", positions: 0 },
      { when: "while it writes", operation: "put", count: 100, written: "some", positions: 0 },
      { when: "while it writes its positions", operation: "save", count: claims + 10, written: "all", positions: 10 },
    ] as const)("$when is completed by the next one", async ({ operation, count, written, positions }) => {
      await Promise.all(
        Array.from({ length: added }, (_, n) =>
          n % 2 === 0 ? harness.live(`j-more-${n}`) : harness.start(`j-more-${n}`),
        ),
      );
      const before = await snapshot();
      for (const bucket of buckets) await (await stream()).purge(`KV_${bucket}`);
      expect(await killed(operation, count)).toBe("SIGKILL");
      const [some, all] = [countOf(await snapshot()), countOf(before)];
      expect(some === 0 ? "none" : some === all ? "all" : "some").toBe(written);
      const upTo = await harness.ports.log.lastSeq();
      expect(await positionsAt(upTo)).toBe(positions);

      await tools.rebuild({ shard: "all", buckets });
      expect(await snapshot()).toEqual(before);
      expect(await positionsAt(upTo)).toBe(claims);
      expect(await verified()).toBe(0);
    });

    const killed = async (operation: "put" | "save", count: number) => {
      const program = fileURLToPath(new URL("../testing/killed-rebuild.ts", import.meta.url));
      const child = spawn(process.execPath, [program, harness.server.url, operation, `${count}`], { stdio: "inherit" });
      const [, signal] = await once(child, "exit");
      return signal;
    };
    const countOf = (all: Awaited<ReturnType<typeof snapshot>>) =>
      Object.values(all).reduce((sum, entries) => sum + Object.keys(entries).length, 0);
    /** How many slices are complete up to here. */
    const positionsAt = async (eventsSeq: number) => {
      const slices = buckets.flatMap((bucket) => Array.from({ length: shardCount }, (_, shard) => ({ bucket, shard })));
      const all = await Promise.all(slices.map(({ bucket, shard }) => harness.ports.positions.load(bucket, shard)));
      return all.filter((position) => position?.eventsSeq === eventsSeq).length;
    };
  });

  it("follows a writer that appends and projects meanwhile", async () => {
    for (const bucket of buckets) await (await stream()).purge(`KV_${bucket}`);
    const stop = new AbortController();
    const writing = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        const streamHead = await harness.start(`j-late-${n}`);
        if (n % 2 === 0) await harness.complete(`j-late-${n}`, streamHead);
        const old = `j-${2 * n + 1}`;
        const head = (await harness.ports.log.load(jobRef(old))).at(-1);
        if (n < 10 && head !== undefined) await harness.complete(old, head);
      }
    })();
    for (let round = 0; round < 5; round++) await tools.rebuild({ shard: "all", buckets });
    stop.abort();
    await writing;
    expect(await verified()).toBe(0);
  });
});
