import { viewStoreContract } from "@shoal/core/testing/contracts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { ensureTopology } from "../topology/topology.ts";
import { streamOfBucket, subjectOfKey } from "./bucket.ts";
import { createViewStore } from "./view-store.ts";

const bucket = "nodes";

onServer(() => {
  viewStoreContract("a bucket on a NATS server", async () => {
    const harness = await natsHarness();
    const sessions = [await harness.session(), await harness.session()];
    let opened = 0;
    const open = () => {
      const session = sessions[opened++ % sessions.length];
      if (session === undefined) throw new Error("no connection was made");
      return createViewStore(session, { bucket });
    };
    const own = await harness.session();
    const { streams } = await own.manager();
    return {
      views: open(),
      reopened: open,
      async purge(key) {
        await streams.purge(streamOfBucket(bucket), { filter: subjectOfKey(bucket, key) });
      },
      async drop() {
        await streams.delete(streamOfBucket(bucket));
        await ensureTopology(own, { replicas: 1 });
      },
      close: harness.close,
    };
  });
});
