import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { ensureTopology } from "../topology/topology.ts";
import { streamOfBucket } from "./bucket.ts";
import { createViewStore } from "./view-store.ts";

const bucket = "nodes";

onServer(() => {
  describe("a view store whose bucket is restored from an older backup", () => {
    let harness: NatsHarness;
    let link: NatsSession;
    beforeEach(async () => {
      harness = await natsHarness();
      link = await harness.link();
    });
    afterEach(() => harness.close());

    /** Replaces the bucket by one with other revisions, in which `n-1` has the entry of position 5. */
    async function restore() {
      const { streams } = await link.manager();
      await streams.delete(streamOfBucket(bucket));
      await ensureTopology(link, { replicas: 1 });
      const other = createViewStore(link, { bucket });
      await other.put("n-0", { seq: 4 });
      await other.put("n-1", { seq: 5 });
    }

    it("removes an entry that it had removed at a later position", async () => {
      const store = createViewStore(link, { bucket });
      await store.put("n-1", { seq: 5 });
      await store.remove("n-1", 6);
      await restore();
      await store.remove("n-1", 5);
      expect(await store.get("n-1")).toBeUndefined();
    });

    it("replaces an entry that it had replaced at a later position", async () => {
      const store = createViewStore(link, { bucket });
      await store.put("n-1", { seq: 5 });
      await store.put("n-1", { seq: 7 });
      await restore();
      await store.put("n-1", { seq: 7 });
      expect(await store.get("n-1")).toEqual({ seq: 7 });
    });
  });
});
