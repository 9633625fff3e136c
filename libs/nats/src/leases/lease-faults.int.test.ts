import type { Lease, LeaseSnapshot } from "@shoal/core";
import { record } from "@shoal/core/testing/contracts";
import { buckets } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import type { PublishOutcome } from "../connection/publish-outcome.ts";
import { patienceMs } from "../connection/server-request.ts";
import { lastOnSubject } from "../stream/stored-message.ts";
import { type AnswerPublish, answering, lost, skipping } from "../testing/answering.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { streamOfBucket, subjectOfKey } from "../views/bucket.ts";
import { encodeEntry } from "../views/entry-codec.ts";
import { featureLevelKey } from "./feature-level.ts";
import { leaseKey, memberKey } from "./lease-table.ts";
import { createLeases } from "./leases.ts";

const refused: PublishOutcome = { state: "refused", code: 10_054, why: "not taken" };
const subjectOf = (key: string) => subjectOfKey(buckets.shards, key);
const shard = 3;

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  beforeEach(async () => {
    harness = await natsHarness();
    session = await harness.session();
  });
  afterEach(() => harness.close());

  // Longer than a test may last: no lease ends by its time.
  const ttlMs = 600_000;
  const times = { ttlMs, renewMs: 50 };
  const noRenewal = { ttlMs, renewMs: ttlMs };

  /** A requester whose publishes on one key are decided by `answer`. */
  async function requester(key: string, answer: AnswerPublish, renewal = noRenewal) {
    const ends = record<Lease>();
    const snapshots = record<LeaseSnapshot>();
    const cut = answering(session, async (publication, publish) =>
      publication.subject === subjectOf(key) ? await answer(publication, publish) : await publish(publication),
    );
    const leases = createLeases(cut, "a", renewal);
    await leases.start({ changed: snapshots.push, lost: ends.push });
    return { leases, ends, snapshots };
  }
  const stored = async (key: string) => {
    const lookup = await lastOnSubject(session, streamOfBucket(buckets.shards), subjectOf(key));
    return lookup.state === "there" ? lookup.message : undefined;
  };
  const isRemoved = async (key: string) => (await stored(key))?.header(headerNames.operation) === "DEL";

  describe("a claim", () => {
    it("whose answer is lost is repeated, for a new epoch that is valid", async () => {
      let sent = 0;
      const { leases } = await requester(leaseKey(shard), async (publication, publish) => {
        const outcome = await publish(publication);
        return ++sent === 1 ? lost : outcome;
      });
      const lease = await leases.acquire(shard);
      expect(sent).toBe(2);
      expect(lease).toEqual({ shard, epoch: (await stored(leaseKey(shard)))?.seq });
      await leases.release(lease ?? expect.unreachable());
      expect(await isRemoved(leaseKey(shard))).toBe(true);
    });
    it.each([lost, { state: "unsent", why: "not connected" } as const])(
      "is given up after three answers $state",
      async (outcome) => {
        let sent = 0;
        const { leases } = await requester(leaseKey(shard), async () => {
          sent += 1;
          return outcome;
        });
        expect(await leases.acquire(shard)).toBeUndefined();
        expect(sent).toBe(3);
        await leases.close();
        expect(await leases.acquire(shard)).toBeUndefined();
        expect(sent).toBe(3);
      },
    );
    it("that the server refuses is LOG_UNSUITABLE", async () => {
      const { leases } = await requester(leaseKey(shard), async () => refused);
      await expect(leases.acquire(shard)).rejects.toMatchObject({ code: "LOG_UNSUITABLE" });
    });
    it("of an id that cannot be part of a key is a bug", () => {
      expect(() => createLeases(session, "a.b")).toThrow("a.b");
    });
  });

  describe("a renewal", () => {
    it("in progress does not outlive the release of its lease", async () => {
      const isRenewing = Promise.withResolvers<void>();
      const isReleasing = Promise.withResolvers<void>();
      let sent = 0;
      const { leases } = await requester(
        leaseKey(shard),
        async (publication, publish) => {
          const outcome = await publish(publication);
          if (++sent !== 2) return outcome;
          isRenewing.resolve();
          await isReleasing.promise;
          return outcome;
        },
        times,
      );
      const lease = (await leases.acquire(shard)) ?? expect.unreachable();
      await isRenewing.promise;
      const releasing = leases.release(lease);
      isReleasing.resolve();
      await releasing;
      expect(await isRemoved(leaseKey(shard))).toBe(true);
    });
    it("that finds its entry removed ends the lease", async () => {
      const { leases, ends } = await requester(leaseKey(shard), (publication, publish) => publish(publication), times);
      const lease = await leases.acquire(shard);
      const headers = { [headerNames.operation]: "DEL" };
      await session.publisher.publish({ subject: subjectOf(leaseKey(shard)), bytes: new Uint8Array(), headers });
      expect(await ends.atLeast(1)).toEqual([lease]);
    });
    it("of another process in the entry ends the lease, without a renewal of this one", async () => {
      const { leases, ends } = await requester(leaseKey(shard), (publication, publish) => publish(publication));
      const lease = await leases.acquire(shard);
      const bytes = encodeEntry({ seq: 0, by: "b", nonce: "of b" });
      await session.publisher.publish({ subject: subjectOf(leaseKey(shard)), bytes });
      expect(await ends.atLeast(1)).toEqual([lease]);
    });
    it("in progress when another process takes the entry ends the lease once", async () => {
      const isRenewing = Promise.withResolvers<void>();
      const isTaken = Promise.withResolvers<void>();
      let sent = 0;
      const { leases, ends } = await requester(
        leaseKey(shard),
        async (publication, publish) => {
          if (++sent === 2) {
            isRenewing.resolve();
            await isTaken.promise;
          }
          return await publish(publication);
        },
        times,
      );
      const lease = await leases.acquire(shard);
      await isRenewing.promise;
      const bytes = encodeEntry({ seq: 0, by: "b", nonce: "of b" });
      await session.publisher.publish({ subject: subjectOf(leaseKey(shard)), bytes });
      await ends.atLeast(1);
      isTaken.resolve();
      // Each takes as many round trips, behind those of the renewal.
      for (const other of [4, 5]) expect(await leases.acquire(other)).toBeDefined();
      expect(ends.all).toEqual([lease]);
    });
    it("that is refused is reported, and the next one is sent", async () => {
      const answered = record<string>();
      const { leases, ends } = await requester(
        memberKey("a"),
        async (publication, publish) => {
          const outcome = answered.all.length === 1 ? refused : await publish(publication);
          answered.push(outcome.state);
          return outcome;
        },
        times,
      );
      expect((await answered.atLeast(4)).slice(0, 4)).toEqual(["stored", "refused", "stored", "stored"]);
      expect(harness.faultPlan.join()).toContain("not taken");
      await leases.close();
      expect(await isRemoved(memberKey("a"))).toBe(true);
      expect(ends.all).toEqual([]);
    });
  });

  describe("a membership", () => {
    it("replaces that of an older process with the same id", async () => {
      const older = await requester("", (publication, publish) => publish(publication));
      const newer = await requester("", (publication, publish) => publish(publication));
      await newer.snapshots.first(({ requesters }) => requesters.join() === "a");
      await older.leases.close();
      expect(await isRemoved(memberKey("a"))).toBe(false);
      await newer.leases.close();
      expect(await isRemoved(memberKey("a"))).toBe(true);
    });
    it("that the server does not confirm fails when its patience ends", async () => {
      const { session: ahead, skip } = skipping(session);
      let sent = 0;
      const cut = answering(ahead, async () => {
        sent += 1;
        skip(patienceMs / 2);
        return lost;
      });
      const leases = createLeases(cut, "a", noRenewal);
      const starting = leases.start({ changed: () => {}, lost: () => {} });
      await expect(starting).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
      expect(sent).toBe(2);
      await leases.close();
      expect(await stored(memberKey("a"))).toBeUndefined();
    });
    it("that is closed twice is removed once", async () => {
      const { leases } = await requester("", (publication, publish) => publish(publication));
      await leases.close();
      const removed = (await stored(memberKey("a")))?.seq;
      await leases.close();
      expect((await stored(memberKey("a")))?.seq).toBe(removed);
    });
  });

  describe("raising the feature level", () => {
    it("whose answer is lost reads the level that is stored", async () => {
      let sent = 0;
      const { leases } = await requester(featureLevelKey, async (publication, publish) => {
        sent += 1;
        await publish(publication);
        return lost;
      });
      expect(await leases.raiseFeatureLevel(2)).toBe(2);
      expect(sent).toBe(1);
    });
    it("that is refused is LOG_UNSUITABLE, and one without an answer LOG_UNREACHABLE", async () => {
      const denied = await requester(featureLevelKey, async () => refused);
      await expect(denied.leases.raiseFeatureLevel(2)).rejects.toMatchObject({ code: "LOG_UNSUITABLE" });
      const { session: ahead, skip } = skipping(session);
      let sent = 0;
      const cut = answering(ahead, async () => {
        sent += 1;
        skip(patienceMs / 2);
        return lost;
      });
      await expect(createLeases(cut, "b").raiseFeatureLevel(2)).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
      expect(sent).toBe(2);
    });
  });
});
