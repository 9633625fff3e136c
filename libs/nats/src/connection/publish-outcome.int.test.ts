import { streams, subjects } from "@shoal/proto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import type { HeaderFields } from "./message-headers.ts";
import { headerNames } from "./message-headers.ts";
import type { NatsSession } from "./nats-session.ts";

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  beforeAll(async () => {
    harness = await natsHarness();
    session = await harness.session();
  });
  afterAll(() => harness.close());

  const bytes = new TextEncoder().encode("x");
  const publish = (subject: string, headers: HeaderFields = {}) =>
    session.publisher.publish({ subject, bytes, headers });
  const expecting = (seq: number) => ({ [headerNames.expectedSubjectSeq]: seq });

  describe("a publish", () => {
    it("is stored, at increasing positions", async () => {
      const first = await publish(subjects.job("a", "j-1"), expecting(0));
      const second = await publish(subjects.job("a", "j-2"), expecting(0));
      expect(first).toMatchObject({ state: "stored", duplicate: false });
      expect(second.state === "stored" && first.state === "stored" && second.seq > first.seq).toBe(true);
    });
    it("is a conflict when the expectation does not hold", async () => {
      await publish(subjects.job("a", "j-3"), expecting(0));
      expect(await publish(subjects.job("a", "j-3"), expecting(0))).toMatchObject({
        state: "conflict",
        why: expect.stringContaining("10071"),
      });
    });
    it("is stored once when its id is repeated", async () => {
      const headers = { [headerNames.messageId]: "same" };
      const first = await publish(subjects.job("a", "j-4"), headers);
      expect(await publish(subjects.job("a", "j-4"), headers)).toEqual({ ...first, duplicate: true });
    });
    it("is certainly not stored when no stream has its subject", async () => {
      expect((await publish("no.stream")).state).toBe("unsent");
    });
    it("is refused when the stream does not support what it requests", async () => {
      expect((await publish(subjects.job("a", "j-5"), { [headerNames.ttl]: "1s" })).state).toBe("refused");
    });
    it("is refused when it is larger than the server accepts", async () => {
      const large = new Uint8Array(2_000_000);
      expect((await session.publisher.publish({ subject: subjects.job("a", "j-6"), bytes: large })).state).toBe(
        "refused",
      );
    });
    it("is refused when a header contains a line end", async () => {
      const sneaky = await publish(subjects.job("a", "j-7"), { [headerNames.messageId]: "x\r\nNats-Rollup: all" });
      expect(sneaky.state).toBe("refused");
    });
    it("keeps the order of the calls over many windows", async () => {
      const outcomes = await Promise.all(Array.from({ length: 3_000 }, () => publish(subjects.parked(2))));
      const seqs = outcomes.map((outcome) => (outcome.state === "stored" ? outcome.seq : 0));
      expect(seqs).toEqual(seqs.toSorted((one, other) => one - other));
      expect(new Set(seqs).size).toBe(3_000);
    });
    it("waits while the server is down, and is stored when it is back", async () => {
      await harness.server().kill();
      const { promise: down, resolve } = Promise.withResolvers<void>();
      const end = session.onChange((up) => (up ? undefined : resolve()));
      if (await session.connected(0)) await down;
      end();
      const publishing = publish(subjects.parked(3));
      await harness.crash();
      expect((await publishing).state).toBe("stored");
      const manager = await session.manager();
      expect((await manager.streams.getMessage(streams.parked, { last_by_subj: subjects.parked(3) }))?.string()).toBe(
        "x",
      );
    });
    it("has an outcome when the connection is closed", async () => {
      const other = await harness.session();
      const publishing = other.publisher.publish({ subject: subjects.parked(4), bytes });
      await other.close();
      expect(["stored", "unknown"]).toContain((await publishing).state);
      expect((await other.publisher.publish({ subject: subjects.parked(4), bytes })).state).toBe("unsent");
    });
  });

  describe("a publish whose connection breaks", () => {
    it("is unknown at once, not after its timeout", async () => {
      const proxy = await cutProxy(harness.server().port);
      const far = await harness.session({ servers: [proxy.url] });
      proxy.deafen();
      const publishing = far.publisher.publish({ subject: subjects.parked(5), bytes });
      proxy.cut();
      expect(await publishing).toMatchObject({ state: "unknown", why: expect.stringContaining("broke") });
      await far.close();
      await proxy.close();
    });
  });
});
