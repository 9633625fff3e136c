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
    let session: NatsSession;
    beforeEach(async () => {
      harness = await natsHarness();
      session = await harness.session();
    });
    afterEach(() => harness.close());

    /** Replaces the bucket by one with other revisions, in which `n-1` has the entry of position 5. */
    async function restore() {
      const { streams } = await session.manager();
      await streams.delete(streamOfBucket(bucket));
      await ensureTopology(session, { replicas: 1 });
      const other = createViewStore(session, { bucket });
      await other.put("n-0", { seq: 4 });
      await other.put("n-1", { seq: 5 });
    }

    it("removes an entry that it had removed at a later position", async () => {
      const store = createViewStore(session, { bucket });
      await store.put("n-1", { seq: 5 });
      await store.remove("n-1", 6);
      await restore();
      await store.remove("n-1", 5);
      expect(await store.get("n-1")).toBeUndefined();
    });

    it("replaces an entry that it had replaced at a later position", async () => {
      const store = createViewStore(session, { bucket });
      await store.put("n-1", { seq: 5 });
      await store.put("n-1", { seq: 7 });
      await restore();
      await store.put("n-1", { seq: 7 });
      expect(await store.get("n-1")).toEqual({ seq: 7 });
    });
  });
});
