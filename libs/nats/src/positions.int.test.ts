import { positionsContract } from "@shoal/core/testing/contracts";
import { buckets } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NatsSession } from "./connection/nats-session.ts";
import type { PublishOutcome } from "./connection/publish-outcome.ts";
import { createPositions } from "./positions.ts";
import { type NatsHarness, natsHarness } from "./testing/nats-harness.ts";
import { onServer } from "./testing/on-server.ts";
import { ensureTopology } from "./topology/topology.ts";
import { positionKey, streamOfBucket, subjectOfKey } from "./views/bucket.ts";
import { readAll } from "./views/read-all.ts";
import { createViewStore } from "./views/view-store.ts";

onServer(() => {
  positionsContract("positions on a NATS server", async () => {
    const harness = await natsHarness();
    const [one, other] = [await harness.session(), await harness.session()];
    return {
      positions: createPositions(one),
      buckets: [buckets.jobs, buckets.assignments],
      reopened: () => createPositions(other),
      async recreate(bucket) {
        await (await one.manager()).streams.delete(streamOfBucket(bucket));
        await ensureTopology(one, { replicas: 1 });
      },
      close: harness.close,
    };
  });

  describe("positions in a bucket", () => {
    let harness: NatsHarness;
    let session: NatsSession;
    beforeAll(async () => {
      harness = await natsHarness();
      session = await harness.session();
    });
    afterAll(() => harness?.close());
    const subject = (shard: number) => subjectOfKey(buckets.jobs, positionKey(shard));

    it("are readable as JSON under `_position.<shard>`", async () => {
      await createPositions(session).save(buckets.jobs, 1, { eventsSeq: 10, reportsSeq: 7, revision: 0 });
      const stored = await (await session.manager()).streams.getMessage("KV_jobs", {
        last_by_subj: "$KV.jobs._position.1",
      });
      expect(stored?.json()).toEqual({ eventsSeq: 10, reportsSeq: 7 });
    });

    it.each([
      ["a removal marker", new Uint8Array(), { "KV-Operation": "DEL" }],
      ["an invalid position", new TextEncoder().encode('{"eventsSeq":-1}'), {}],
    ])("are absent, and are overwritten, where the bucket has %s", async (_what, bytes, headers) => {
      const positions = createPositions(session);
      const before = await positions.load(buckets.jobs, 2);
      if (before === undefined) await positions.save(buckets.jobs, 2, { eventsSeq: 1, reportsSeq: 0, revision: 0 });
      const outcome = await session.publisher.publish({ subject: subject(2), bytes, headers });
      expect(outcome.state).toBe("stored");
      expect(await positions.load(buckets.jobs, 2)).toBeUndefined();
      const revision = await positions.save(buckets.jobs, 2, { eventsSeq: 3, reportsSeq: 0, revision: 0 });
      expect(await positions.load(buckets.jobs, 2)).toEqual({ eventsSeq: 3, reportsSeq: 0, revision });
    });

    it.each<readonly ["lost answer" | "lost request"]>([["lost answer"], ["lost request"]])(
      "are written once after a %s",
      async (what) => {
        let publishes = 0;
        const publish: NatsSession["publisher"]["publish"] = async (message) => {
          publishes++;
          const unknown: PublishOutcome = { state: "unknown", why: "the answer was lost" };
          if (publishes > 1) return session.publisher.publish(message);
          if (what === "lost answer") await session.publisher.publish(message);
          return unknown;
        };
        const faulty: NatsSession = { ...session, publisher: { ...session.publisher, publish } };
        const shard = what === "lost answer" ? 3 : 4;
        const revision = await createPositions(faulty).save(buckets.jobs, shard, {
          eventsSeq: 5,
          reportsSeq: 0,
          revision: 0,
        });
        expect(publishes).toBe(what === "lost answer" ? 1 : 2);
        expect(await createPositions(session).load(buckets.jobs, shard)).toEqual({
          eventsSeq: 5,
          reportsSeq: 0,
          revision,
        });
      },
    );

    it("are no entries of the view", async () => {
      const store = createViewStore(session, { bucket: buckets.nodes });
      const positions = createPositions(session);
      const keys: string[] = [];
      const watch = await store.watch(">", { changed: (key) => keys.push(key), ready: () => undefined });
      const revision = await positions.save(buckets.nodes, 0, { eventsSeq: 5, reportsSeq: 0, revision: 0 });
      await store.put("n1", { seq: 1 });
      await positions.save(buckets.nodes, 0, { eventsSeq: 6, reportsSeq: 0, revision });
      await watch.caughtUp();
      expect(keys).toEqual(["n1"]);
      await watch.close();
      const read: string[] = [];
      await readAll(session, buckets.nodes, { begins: () => undefined, deliver: (key) => read.push(key) });
      expect(read).toEqual(["n1"]);
      expect(harness.faultPlan).toEqual([]);
    });
  });
});
