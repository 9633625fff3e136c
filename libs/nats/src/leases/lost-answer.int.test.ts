import type { Lease } from "@shoal/core";
import { heard } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Link } from "../connection/link.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { createLeases } from "./leases.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  // The shortest life that the server can count with room for renewals.
  const times = { ttlMs: 2_000, renewMs: 500 };
  // More than a lease could outlive that none of them confirms.
  const renewals = 6;

  it("a renewal that is stored and whose answer is lost does not stretch the lease", async () => {
    const link = await bench.link();
    const ends = heard<Lease | "renewed">();
    let isCut = false;
    let unconfirmed = 0;
    const cut: Link = {
      ...link,
      publisher: {
        ...link.publisher,
        async publish(publication) {
          const outcome = await link.publisher.publish(publication);
          if (!isCut || !publication.subject.endsWith(".3")) return outcome;
          expect(outcome.state).toBe("stored");
          unconfirmed += 1;
          if (unconfirmed === renewals) ends.tell("renewed");
          return { state: "unknown", why: "the answer was lost" };
        },
      },
    };
    const leases = createLeases(cut, "a", times);
    await leases.start({ changed: () => {}, lost: ends.tell });
    const lease = await leases.acquire(3);
    expect(lease).toBeDefined();
    isCut = true;
    expect(await ends.atLeast(1)).toEqual([lease]);
    expect(unconfirmed).toBeGreaterThan(0);
    await leases.close();
  });
});
