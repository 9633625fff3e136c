import { leasesContract } from "@shoal/core/testing/contracts";
import { buckets } from "@shoal/proto";
import type { NatsSession } from "../connection/nats-session.ts";
import { natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { watchBucket } from "../views/watch.ts";
import { claimKey } from "./claim.ts";
import { createLeases } from "./leases.ts";

onServer(() => {
  // The shortest time to live of the server that leaves time for renewals.
  const times = { ttlMs: 2_000, renewMs: 500 };

  leasesContract("leases on a NATS server", async () => {
    const harness = await natsHarness();
    const own = await harness.session();
    const sessions = new Map<string, NatsSession>();
    for (const id of ["a", "b", "c"]) sessions.set(id, await harness.session());
    return {
      join(id) {
        const session = sessions.get(id);
        if (session === undefined) throw new Error(`no connection was made for ${id}`);
        return createLeases(session, id, times);
      },
      crash: (id) => void sessions.get(id)?.close(),
      // A claim that is not renewed has exactly a lease's time to live; the server publishes its expiry.
      async outlive() {
        await claimKey(own, { key: "probe", by: "probe", nonce: own.random.uuid(), ttlMs: times.ttlMs }, 0);
        const { promise, resolve } = Promise.withResolvers<void>();
        const changed = (_key: string, value: unknown) => (value === undefined ? resolve() : undefined);
        const watch = await watchBucket(
          own,
          { bucket: buckets.shards, pattern: "probe" },
          { changed, ready: () => {} },
        );
        await promise;
        await watch.close();
      },
      close: harness.close,
    };
  });
});
