import type { Lease } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createLeases } from "./leases.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  // The shortest time to live of the server that leaves time for renewals.
  const times = { ttlMs: 2_000, renewMs: 500 };
  // More renewals than a lease can outlive without a confirmation.
  const renewals = 6;

  it("a stored renewal whose answer is lost does not extend the lease", async () => {
    const session = await harness.session();
    const ends = record<Lease | "renewed">();
    let isCut = false;
    let unconfirmed = 0;
    const cut: NatsSession = {
      ...session,
      publisher: {
        ...session.publisher,
        async publish(publication) {
          const outcome = await session.publisher.publish(publication);
          if (!isCut || !publication.subject.endsWith(".3")) return outcome;
          expect(outcome.state).toBe("stored");
          unconfirmed += 1;
          if (unconfirmed === renewals) ends.push("renewed");
          return { state: "unknown", why: "the answer was lost" };
        },
      },
    };
    const leases = createLeases(cut, "a", times);
    await leases.start({ changed: () => {}, lost: ends.push });
    const lease = await leases.acquire(3);
    expect(lease).toBeDefined();
    isCut = true;
    expect(await ends.atLeast(1)).toEqual([lease]);
    expect(unconfirmed).toBeGreaterThan(0);
    await leases.close();
  });
});
