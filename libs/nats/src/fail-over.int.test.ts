import { noStreamPosition } from "@shoal/core";
import { createManualClock, type ManualClock } from "@shoal/core/testing";
import { record, someCommit, someJob } from "@shoal/core/testing/contracts";
import { streams, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "./connection/nats-session.ts";
import { askServer } from "./connection/server-request.ts";
import { createEventLog } from "./event-log/event-log.ts";
import { consumerLimits } from "./stream/consumer.ts";
import { readStream } from "./stream/reading.ts";
import { type NatsHarness, natsHarness } from "./testing/nats-harness.ts";
import { onServer } from "./testing/on-server.ts";
import { ensureTopology } from "./topology/topology.ts";

onServer(() => {
  let harness: NatsHarness;
  let clock: ManualClock;
  beforeEach(async () => {
    harness = await natsHarness({ topology: false });
    clock = createManualClock();
  });
  afterEach(() => harness.close());

  /** The requests over a session to a server that claims to be one of several and drops the first requests of a kind. */
  function hardOfHearing(
    session: NatsSession,
    kind: string,
    deafTo: number,
  ): { readonly session: NatsSession; readonly asked: string[] } {
    const asked: string[] = [];
    const publish: NatsSession["nc"]["publish"] = (subject, ...rest) => {
      if (subject.includes(kind)) asked.push(subject);
      if (!subject.includes(kind) || asked.length > deafTo) session.nc.publish(subject, ...rest);
    };
    const info = { ...session.nc.info, cluster: "three" };
    const nc: NatsSession["nc"] = Object.create(session.nc, { publish: { value: publish }, info: { value: info } });
    return { session: { ...session, nc, clock }, asked };
  }

  const info = { subject: `$JS.API.STREAM.INFO.${streams.events}`, body: {} };

  describe("a cluster whose server died", () => {
    it("gets a dropped request again, and the first answer counts", async () => {
      await ensureTopology(await harness.session(), { replicas: 1 });
      const { session, asked } = hardOfHearing(await harness.session(), "STREAM.INFO", 2);
      const answer = askServer(session, info);
      await clock.advance(2_000);
      expect((await answer).state).toBe("ok");
      expect(asked).toHaveLength(3);
    });
    it("gets a limited number of requests", async () => {
      const { session } = hardOfHearing(await harness.session(), "STREAM.INFO", Number.POSITIVE_INFINITY);
      const answer = askServer(session, { ...info, withinMs: 1_500 });
      await clock.advance(1_500);
      expect(await answer).toEqual({ state: "unknown", why: "no reply from the server within 1500 ms" });
    });
    it("gets a request for another consumer soon when it does not answer for the first", async () => {
      const far = await harness.session();
      await ensureTopology(far, { replicas: 1 });
      const { session, asked } = hardOfHearing(far, "CONSUMER.CREATE", 1);
      const collected = record<number>();
      const deliver = ({ seq }: { readonly seq: number }) => collected.push(seq);
      const place = { stream: streams.parked, filter: subjects.parked(1) };
      const reading = readStream(session, { ...place, from: { at: "behind", seq: 0 }, deliver });
      // With the longest pause between two tries.
      await clock.advance(consumerLimits.answerLeastMs + 70);
      await far.publisher.publish({ subject: subjects.parked(1), bytes: new Uint8Array(1) });
      expect(await collected.atLeast(1)).toEqual([1]);
      expect(new Set(asked).size).toBe(2);
      await (await reading).close();
    });
    it("stores a commit as soon as a stream has its subject again, without a lookup before", async () => {
      const far = await harness.session();
      const { session, asked } = hardOfHearing(far, "MSG.GET", Number.POSITIVE_INFINITY);
      const log = createEventLog({ ...session, clock: far.clock });
      const job = someJob();
      const appending = log.append(job, noStreamPosition, someCommit(noStreamPosition));
      await ensureTopology(far, { replicas: 1 });
      expect((await appending).seq).toBe(1);
      expect(asked).toEqual([]);
    });
  });
});
